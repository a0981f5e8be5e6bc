"""Spells the case on which a check failed as Python, for staff who want to try it."""

from __future__ import annotations

import sys

from sanity.core.case import Case
from sanity.core.check import Check
from sanity.core.judge import attempt
from sanity.core.probe import Answers, Probe, Run

MOST = 6000
"""Characters of a script: those of shrunk cases are far shorter."""
REMADE = """\
# In the folder of the submission, laid over the handout: {what} on {words}.
from pathlib import Path

from {family_module} import {family}
from {probe_module} import {probe}
from sanity.core.assignment_toml import read_manifest
from sanity.core.case import Case
from sanity.core.submission_modules import SubmissionModules

case = Case("", {family}({numbers}))
code = SubmissionModules(Path.cwd(), read_manifest(Path.cwd()).modules)
print({probe}.function(code, case))
"""


def script_of(check: Check, case: Case, run: Run, expect: Run) -> str:
    """Return a call of a failing check as a script; "" if nothing spells it, or it is too long.

    The first call that a probe spells has values to read. Else the last call, whose answer was wrong, is made again
    from the numbers of its case. The check is run again: `run` and `expect` should cache. Raises GraderFailed.
    """
    calls: list[tuple[Probe, Case]] = []

    def noting(probe: Probe, case: Case) -> Answers:
        calls.append((probe, case))
        return run(probe, case)

    attempt(check, noting, expect, case)
    scripts = (*(_spelt(*call) for call in calls), *(_remade(*call) for call in reversed(calls)))
    return next((script for script in scripts if script and len(script) <= MOST), "")


def _spelt(probe: Probe, case: Case) -> str:
    if probe.spell is None:
        return ""
    try:
        return probe.spell(case)
    except Exception:  # a case that its spelling did not foresee: no script is better than no verdict
        return ""


def _remade(probe: Probe, case: Case) -> str:
    """Spell a call by where its case and its probe come from; "" if these have no name to import."""
    family, numbers = case.origin or ("", {})
    family_module, _, family_name = family.rpartition(".")
    probe_module = probe.function.__module__
    known = (
        getattr(sys.modules.get(family_module), family_name, None),
        getattr(sys.modules.get(probe_module), probe.name, None),
    )
    if not callable(known[0]) or known[1] is not probe:
        return ""
    return REMADE.format(
        what=probe.what,
        words=" ".join(case.words.split()),
        family_module=family_module,
        family=family_name,
        probe_module=probe_module,
        probe=probe.name,
        numbers=", ".join(f"{name}={number}" for name, number in numbers.items()),
    )
