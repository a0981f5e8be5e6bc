"""Advice on an import that failed, read from the line of the submission where it stands.

What an exception says may hold anything that the submission has seen. A name is only repeated if the import statement
on that line has it, so that no more is told than which line it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

STATEMENT = re.compile(r"from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]*(?:\([^)]*\)|[^\n;#]*)|import[ \t]+[^\n;#]*")
"""An import at the top of a file, where it runs before a submission has seen anything."""
OURS = ("sanity", "graders")
"""Packages whose modules are there for a student, and mostly not for the submission in grading."""


def import_advice(text: str, line: int, error: str, own: Iterable[str]) -> str:
    """Return what to do about an import that failed, or "" if there is none on this line.

    Args:
        text: the file with the import.
        line: the number of the line on which the import begins.
        error: the text of the exception.
        own: the names of the submission's files, given ones included.

    >>> import_advice("import nltk", 1, "No module named 'nltk'", ["utils.py"])
    'nltk is not installed here: do without it, or hand in nltk.py if it is a file of yours'
    """
    statement = STATEMENT.match("\n".join(text.split("\n")[line - 1 : line + 30])) if line else None
    if statement is None:
        return ""
    words = re.findall(r"[\w.]+", statement[0])
    named = re.search(r"No module named '([\w.]+)'|cannot import name '(\w+)' from '([\w.]+)'", error)
    if named is None or not _stands_there(named[1] or named[2], words):
        return ""
    if named[1]:
        root = named[1].partition(".")[0]
        if root in OURS:
            return f"{root} checks answers and is no part of one: delete this import"
        if root in {name.partition("/")[0].removesuffix(".py") for name in own}:
            return f"there is no {named[1]} among the files of this assignment: check the name"
        return f"{root} is not installed here: do without it, or hand in {root}.py if it is a file of yours"
    return f"there is no {named[2]} in {statement['module']}: delete it from the import, or check its name"


def _stands_there(name: str, words: Collection[str]) -> bool:
    """Return whether a statement has a dotted name, or begins one of its own with it."""
    return any(word == name or word.startswith(f"{name}.") or name.endswith(f".{word}") for word in words)
