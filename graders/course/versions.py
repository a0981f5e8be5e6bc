"""The versions of what a submission's answers depend on, found without importing any of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, distributions, version

IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+(.+))", re.MULTILINE)
"""A line that imports. One in a text is taken for code, which only adds a version that decides nothing."""


def library_versions(sources: Iterable[bytes]) -> dict[str, str]:
    """Return the versions of Python, numpy and the installed libraries that some modules import, by name.

    Args:
        sources: the modules' source code.
    """
    names = {"numpy"}.union(*map(_imported, sources)) - sys.stdlib_module_names - {"", "sanity"}
    found = ((name, _version(name)) for name in sorted(names))
    return {"python": ".".join(map(str, sys.version_info[:3])), **{name: number for name, number in found if number}}


def _imported(source: bytes) -> Iterator[str]:
    """Yield the top-level names of the modules that source code imports anywhere."""
    for package, modules in IMPORT.findall(source.decode(errors="replace")):
        for module in (package or modules).split(","):
            yield re.split(r"[.\s;#]", module.strip(), maxsplit=1)[0]


def _version(name: str) -> str:
    """Return the version of the distribution that has a module; "" if none has, or it is not installed."""
    if PathFinder.find_spec(name) is None:
        return ""
    try:
        return version(name)
    except PackageNotFoundError:  # its name may be another one, as scikit-learn's, whose module is sklearn
        owners = (each for each in distributions() if f"\n{name}/__init__.py," in f"\n{each.read_text('RECORD')}")
        return next((owner.version for owner in owners), "")
