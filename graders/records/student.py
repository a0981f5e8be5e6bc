"""Who a student is: the names and numbers by which platforms and rosters know one."""

from __future__ import annotations

import msgspec


class Student(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """One student, as far as a platform or a roster says. These are the columns of a roster."""

    name: str = ""
    id: str = ""
    """The university's number."""
    email: str = ""
    canvas_id: str = ""
    """The user's number in Canvas, which is part of file names and of the gradebook."""
    moodle_id: str = ""
    """The participant's number in a Moodle assignment, which is part of folder names and of the worksheet."""
    section: str = ""
    group: str = ""
