"""Moodle: a folder for each student and kind of answer, called `Full name_participant_assignsubmission_file_`.

Teachers may switch the folders off; then the files' names begin so. A class that is filtered by a group has the group's
name and a hyphen before each name; in blind marking the name is the word for participant, in the site's language.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from graders.intake.platforms.part import Part, composed
from graders.records.student import Student

_PIECE = re.compile(r"(?P<who>[^/]+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_(?P<file>[^/]*)/?", re.DOTALL)


def parts(tops: Sequence[str]) -> list[Part]:
    """Return the submissions among the folders and files of an export, by participant.

    >>> folders = ["Ada Lovelace_12_assignsubmission_file_/", "Ada Lovelace_12_assignsubmission_onlinetext_/"]
    >>> [part] = parts(folders)
    >>> part.name, part.students[0].moodle_id, list(part.pieces.values())
    ('Ada Lovelace', '12', ['', 'onlinetext'])
    """
    pieces: dict[str, dict[str, str]] = defaultdict(dict)
    names: dict[str, str] = {}
    for top in tops:
        if match := _PIECE.fullmatch(top):
            key = match["id"]
            names.setdefault(key, composed(match["who"]))
            pieces[key][top] = match["file"] or ("" if match["kind"] == "file" else match["kind"])
    group = _group(names)
    students = {
        key: Student(name=_name(key, name, names).removeprefix(group and f"{group}-"), moodle_id=key, group=group)
        for key, name in names.items()
    }
    return [Part(students[key].name, files, (students[key],)) for key, files in pieces.items()]


def _group(names: Mapping[str, str]) -> str:
    """Return the group before all names, or ""."""
    groups = {name.partition("-")[0] if "-" in name else "" for name in names.values()}
    return groups.pop() if len(groups) == 1 and len(set(names.values())) > 1 else ""


def _name(key: str, name: str, names: Mapping[str, str]) -> str:
    """Return a name; in blind marking, where all have the same, with the number."""
    blind = name == "Participant" or (len(names) > 1 and len(set(names.values())) == 1)
    return f"{name} {key}" if blind else name
