"""`check("1.2")` in a notebook or at Python's prompt: the same text as `sanity_check.py`, as HTML in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import UserError
from sanity.student.console import print_parts
from sanity.student.limit import Interrupted
from sanity.student.memory import SessionRunner, shell
from sanity.student.parts import BAD, GAP, GOOD, TITLE, Folded, Line, Part, Row, Trace, question_parts, summary_parts

STYLES = {
    TITLE: "font-weight: bold",
    GOOD: "color: var(--jp-success-color1, #2e7d32)",
    BAD: "color: var(--jp-error-color1, #c62828)",
}
TEXT = "white-space: pre-wrap"
LABEL = "padding: 0 1em; min-width: 4em; text-align: left; vertical-align: top; opacity: 0.7"
CELL = "padding: 0; text-align: left; white-space: pre-wrap"


@dataclass(frozen=True)
class Report:
    """What a notebook shows."""

    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        text = StringIO()
        with redirect_stdout(text):
            print_parts(self.parts, unfold="")
        return text.getvalue().rstrip("\n")

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Return the report as the text and the HTML from which a notebook chooses."""
        return {"text/plain": repr(self), "text/html": "\n".join(["<div>", *map(_html, self.parts), "</div>"])}


def _html(part: Part) -> str:
    """Return a part as HTML, in which nothing of a submission is markup."""
    match part:
        case Line("", _):
            return "<br>"
        case Line(text, style):
            return f'<div style="{"; ".join(filter(None, (TEXT, STYLES.get(style))))}">{escape(text)}</div>'
        case Row(label, text):
            cells = f'<th style="{LABEL}">{escape(label)}</th><td style="{CELL}">{escape(text)}</td>'
            return f'<table style="margin: 0"><tr>{cells}</tr></table>'
        case Trace(text):
            return f'<pre style="margin-left: 2em">{escape(text)}</pre>'
        case Folded(sentences):
            true = "<br>".join(map(escape, sentences))
            return f"<details><summary>and {part.count} passed</summary>{true}</details>"


def check_session(names: Mapping[str, Any], questions: Sequence[str]) -> None:
    """Check questions on what a session has in memory, and show the report; never raises what a student can mend.

    Args:
        names: what the session has defined.
        questions: such as ["1.2"]; all if empty.
    """
    report = Report(tuple(_parts(names, questions)))
    if running := shell():
        running.display_pub.publish(report._repr_mimebundle_())
    else:
        print_parts(report.parts, unfold="")


def _parts(names: Mapping[str, Any], ids: Sequence[str]) -> list[Part]:
    try:
        manifest = read_manifest(Path.cwd())
        questions = manifest.select_questions(ids)
        answered = SessionRunner(manifest, Path.cwd(), names).run(questions)
    except (UserError, Interrupted) as error:
        return [Line(str(error), BAD)]
    parts: list[Part] = []
    for question, verdicts in answered:
        parts += [*([GAP] if parts else []), *question_parts(question, verdicts)]
    return [*parts, *([GAP] if len(answered) > 1 else []), *summary_parts(answered)]
