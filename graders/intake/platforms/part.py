"""A Part: what one submission has in an export."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from graders.records.student import Student
from graders.text.sanitize import encodable


def composed(name: str) -> str:
    r"""Return a name as other systems write it: an unpacker may have taken its accents apart, or changed its bytes.

    >>> composed("Be\u0301la") == "B\u00e9la"
    True
    """
    return encodable(unicodedata.normalize("NFC", name))


@dataclass(frozen=True)
class Part:
    """One submission, as the names in an export tell it."""

    name: str
    """What the platform calls its student or group."""
    pieces: Mapping[str, str]
    """Its files and folders at the top of the export, each with the path that it has in the submission.

    The name of a folder ends in a slash; "" is the submission's own folder.
    """
    students: tuple[Student, ...]
    notes: tuple[str, ...] = ()
    submitted: str = ""
    """When it was handed in, as the platform writes it; "" if that is not told."""
