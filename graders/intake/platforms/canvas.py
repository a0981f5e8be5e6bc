"""Canvas: one flat archive, whose files are called student_LATE_userid_attachmentid_name.

The student is the sortable name without anything but letters and digits, in lower case, or the name of a group. LATE is
only there if the submission was late. In an anonymous export files are called anon_id_attachmentid_name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from graders.intake.platforms.part import Part, composed
from graders.records.student import Student

_FILE = re.compile(
    r"""
    (?: anon (?P<late>_LATE)? _(?P<anon>[0-9A-Za-z]+?) (?P<late_too>_LATE)? (?:_\d+)?
      | (?P<who>[^/]+?) (?P<late_user>_LATE)? _(?P<user>\d+) )
    (?: _\d+_(?P<file>[^/]+) | _(?P<page>(?:text|link)\.html) )
    """,
    re.VERBOSE | re.DOTALL,
)


def parts(tops: Sequence[str]) -> list[Part]:
    """Return the submissions among the files of an export, by student or group.

    >>> [part] = parts(["lovelaceada_LATE_7_81_utils.py", "lovelaceada_LATE_7_82_nmt_model-1.py", "grades.csv"])
    >>> part.name, part.students[0].canvas_id, list(part.pieces.values()), part.notes
    ('lovelaceada', '7', ['utils.py', 'nmt_model-1.py'], ('late, says Canvas',))
    """
    pieces: dict[Student, dict[str, str]] = defaultdict(dict)
    names: dict[str, str] = {}
    late: set[Student] = set()
    for top in tops:
        if match := _FILE.fullmatch(top):
            key = f"anon_{match['anon']}" if match["anon"] else match["user"]
            student = Student(name=names.setdefault(key, composed(match["who"] or key)), canvas_id=match["user"] or "")
            pieces[student][top] = match["file"] or match["page"]
            if match["late"] or match["late_too"] or match["late_user"]:
                late.add(student)
    return [
        Part(student.name, files, (student,), ("late, says Canvas",) if student in late else ())
        for student, files in pieces.items()
    ]
