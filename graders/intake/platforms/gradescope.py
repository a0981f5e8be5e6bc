"""Gradescope: submission_metadata.yml, and an unpacked folder for each submission, such as submission_303."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graders.intake.path_policy import IntakeError
from graders.intake.platforms.part import Part, composed
from graders.records.student import Student

METADATA = "submission_metadata.yml"
_DEPTH = 50
"""Lists and tables in each other; in results of autograders there are a few."""


def parts(tops: Sequence[str], metadata: bytes) -> list[Part]:
    """Return the submissions that the metadata lists, each with its folder, if it is there.

    Raises IntakeError, one line, if the metadata cannot be read.

    >>> [part] = parts(["submission_303/"], b"submission_303: {':submitters': [{':name': Ada, ':sid': '007'}]}")
    >>> part.name, part.pieces, part.students[0].id
    ('Ada', {'submission_303/': ''}, '007')
    """
    return [
        Part(
            ", ".join(student.name or student.email or student.id for student in students) or folder,
            {f"{folder}/": ""} if f"{folder}/" in tops else {},
            students,
            submitted=_submitted(submission),
        )
        for folder, submission in _mapping(_load(metadata)).items()
        for students in [_students(submission)]
    ]


def _load(metadata: bytes) -> object:
    import yaml

    # The base loader makes plain text of every scalar: a number keeps its zeros, and Ruby's objects stay unmade.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    depth = 0
    try:
        for event in yaml.parse(metadata, loader):  # the fast loader has no limit, and would take the process with it
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH:
                raise ValueError("nested too deeply")
        return yaml.load(metadata, loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise IntakeError(f"{METADATA}: cannot be read: {reason}") from None


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise IntakeError(f"{METADATA}: expected a table of submissions")
    return value


def _students(submission: object) -> tuple[Student, ...]:
    submitters = submission.get(":submitters", []) if isinstance(submission, dict) else []
    return tuple(
        Student(name=_text(one.get(":name")), id=_text(one.get(":sid")), email=_text(one.get(":email")))
        for one in (submitters if isinstance(submitters, list) else [])
        if isinstance(one, dict)
    )


def _submitted(submission: object) -> str:
    """Return the time of submission; Ruby on Rails may write it as an object of several times."""
    time = submission.get(":created_at") if isinstance(submission, dict) else None
    return _text(time.get("utc") if isinstance(time, dict) else time)


def _text(value: object) -> str:
    """Return a scalar as text; Ruby writes nothing, ~ or null for none."""
    text = value if isinstance(value, str) else ""
    return "" if text in ("~", "null") else composed(text)
