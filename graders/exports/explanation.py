"""What exports for students say of a verdict: the parts that the dial lets through, in lines with a label."""

from __future__ import annotations

from sanity.core.feedback import Dial, Level
from sanity.core.verdict import Verdict

AS_EVER = Dial()
"""What is told if no `[feedback]` and no `--feedback` says otherwise."""
EVERYTHING = Dial(default=Level.COUNTEREXAMPLE)
"""What staff are told in a line."""


def explanation(verdict: Verdict, dial: Dial) -> str:
    """Return what a student reads of a verdict besides its sentence and its outcome; "" if that is all."""
    told = dial.told(verdict)
    labelled = (("likely", told.diagnosis), ("hint", told.hint), ("case", told.case))
    lines = [told.message, *(f"{label}: {text}" for label, text in labelled if text)]
    return "\n".join(line for line in lines if line)
