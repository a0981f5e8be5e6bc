"""Notes on imports that an answer should do without. They cost no points: staff decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from sanity.core.file_names import listed, shown
from sanity.core.manifest import Manifest

OURS = ("sanity", "graders", "solutions")
"""Packages of ours. No answer needs them, except for the check of a notebook, which is no answer."""
CHECK = r"(?![ \t]+import[ \t]+check\b)"
"""Not followed by what `from sanity import check` goes on with."""


def notes_on_imports(files: Mapping[str, bytes], manifest: Manifest) -> tuple[str, ...]:
    """Return a note for each file that imports a package of ours, or a library that the assignment forbids.

    Found in the text of Python files and notebooks, without parsing them: a file that means to hide an import can.
    """
    pattern = _imports_of((*OURS, *manifest.forbidden))
    notes = []
    for name, content in sorted(files.items()):
        if found := {match.decode() for match in pattern.findall(content)}:
            notes.append(f"{shown(name)} imports {listed(found)}, which an answer here should do without")
    return tuple(notes)


@lru_cache(8)
def _imports_of(names: tuple[str, ...]) -> re.Pattern[bytes]:
    """Return the pattern of an import of one of these modules. Lines of a notebook are texts in JSON."""
    one = "|".join(map(re.escape, names))
    start = r"""(?:^|["';]|\\n)[ \t]*"""
    statement = rf"{start}(?:from[ \t]+|import[ \t]+(?:[\w. ]+,[ \t]*)*)"
    call = r"""(?:import_module|__import__)\([ \t]*\\?["']"""
    return re.compile(rf"(?:{statement}|{call})({one})\b{CHECK}".encode(), re.MULTILINE)
