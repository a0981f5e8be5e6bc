"""results.json of a submission that has no mark: never a 0, for nothing was found wrong with any answer."""

from __future__ import annotations

from typing import Any

import msgspec

from graders.text.sanitize import clean_text

OURS = "The autograder could not grade this submission. That is its fault, not yours: tell your course staff."
"""What students read of any fault of the grader: what went wrong there may hold a hidden value."""


def unread_json(reason: str) -> bytes:
    """Return the results.json of a submission that cannot be read, for a reason that its author can mend."""
    sentence = f"Your submission could not be read: {reason}. It has no mark yet: hand it in again."
    return _encoded([_entry("Not graded", sentence, "visible")], {"not_graded": "unread"})


def failed_json(reason: str = "") -> bytes:
    """Return the results.json after a fault of the grader: for staff with its reason, in an entry that is hidden."""
    entries = [_entry("Not graded", OURS, "visible")]
    if reason:
        entries.append(_entry("For staff", reason, "hidden"))
    return _encoded(entries, {"not_graded": "autograder_error"})


def _encoded(tests: list[dict[str, Any]], extra: dict[str, str]) -> bytes:
    report = {"tests": tests, "visibility": "visible", "stdout_visibility": "hidden", "extra_data": extra}
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _entry(name: str, output: str, visibility: str) -> dict[str, Any]:
    """Return an entry without points: it must not count as a mark of 0."""
    return {
        "status": "failed",
        "name": name,
        "output": clean_text(output),
        "output_format": "text",
        "visibility": visibility,
    }
