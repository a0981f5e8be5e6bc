"""How to install a library that is missing: by the extra of trivium that brings it."""

from __future__ import annotations

import re
from importlib.util import find_spec

DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Names on an index, of libraries that are imported under another one."""
NOT_STUDENTS = ("graders", "test", "dev")
EXTRA = re.compile(r"""\bextra\s*==\s*['"]([\w-]+)['"]""")
CPU = "on Linux without a GPU, take torch from PyTorch's index of CPU builds before that: it is far smaller"


def distribution(library: str) -> str:
    """Return the name under which a library is installed.

    >>> distribution("sklearn"), distribution("torch")
    ('scikit-learn', 'torch')
    """
    return DISTRIBUTIONS.get(library, library)


def extra_of(library: str) -> str:
    """Return the smallest extra of trivium that brings a library, "" if none does or trivium is not installed."""
    from importlib.metadata import PackageNotFoundError, requires  # takes as long to import as all of the checks

    try:
        required = requires("trivium") or []
    except PackageNotFoundError:
        return ""
    brings: dict[str, set[str]] = {}
    for each in required:
        name, extra = re.match(r"[\w.-]+", each), EXTRA.search(each)
        if name and extra and extra[1] not in NOT_STUDENTS:
            brings.setdefault(extra[1], set()).add(name[0])
    fitting = [extra for extra, names in brings.items() if distribution(library) in names]
    return min(fitting, key=lambda extra: len(brings[extra]), default="")


def how_to_install(library: str) -> str:
    """Return what to do about a library that is missing, for the end of a message.

    >>> how_to_install("nowhere")
    'pip install nowhere'
    """
    extra = extra_of(library)
    if not extra:
        return f"pip install {distribution(library)}"
    said = f"install trivium with its extra [{extra}], see Install in README.md"
    return f"{said}; {CPU}" if library == "torch" else said


def is_installed(library: str) -> bool:
    """Return whether a library can be found."""
    try:
        return find_spec(library) is not None
    except ValueError:  # a module without a spec, or None in the place of one
        return False
