"""Writes the files with which a platform checks and grades an assignment, from the templates beside this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from graders.atomic import write_atomically
from graders.ci.fetching import check_tag
from graders.course.assignment import Assignment
from graders.errors import OptionError, refuse_unused

TEMPLATES = Path(__file__).parent / "templates"
TAG = "submit-*"
"""The tags that are submissions, unless another pattern is given."""
PYTHON = "3.11"
"""The version that constraints.txt is for."""
ACTIONS = {
    "checkout": "actions/checkout@v5.0.0",
    "setup_python": "actions/setup-python@v6.0.0",
    "upload": "actions/upload-artifact@v6.0.0",
    "download": "actions/download-artifact@v7.0.0",
    "restore": "actions/cache/restore@v5.0.0",
    "save": "actions/cache/save@v5.0.0",
}
"""Only GitHub's own, each in one release."""
FILES: Mapping[str, Mapping[str, str]] = {
    "github": {
        "student/.github/workflows/sanity.yml": "github-sanity.yml",
        "staff/.github/workflows/grade.yml": "github-grade.yml",
        "staff/repositories.txt": "repositories.txt",
    },
    "gitlab": {
        "student/.gitlab-ci.yml": "gitlab-sanity.yml",
        "staff/.gitlab-ci.yml": "gitlab-grade.yml",
        "staff/repositories.txt": "repositories.txt",
    },
    "classroom50": {"autograder.py": "autograder.py"},
}
"""By platform, templates by the files that are written."""
IMAGE_FILES = {"staff/Dockerfile": "Dockerfile"}
_WHEEL = re.compile(r"\./(trivium-\S+\.whl(?:\[[\w,]+\])?)")
"""How README.md tells students what to install."""


def write_workflows(
    platform: str, assignment: Assignment, out: Path, *, image: bool = False, tag: str = TAG, force: bool = False
) -> list[Path]:
    """Write the files of a platform into a folder; return their paths.

    Args:
        platform: github, gitlab or classroom50.
        assignment: what is checked and graded.
        out: the folder; student/ in it is for the students' repository, staff/ for yours.
        image: whether the reference comes in a container's image instead of from a private repository.
        tag: which tags are submissions, as a pattern.
        force: whether to replace files that are there.

    Raises OptionError if a file is there, and then nothing is written.
    """
    check_tag(tag)
    if platform == "classroom50":
        refuse_unused({"--image": image}, "autograder.py finds the course where it is installed")
        refuse_unused({"--tag": tag != TAG}, "Classroom 50 says itself what is handed in")
    templates = {**FILES[platform], **(IMAGE_FILES if image else {})}
    files = {out / name: _rendered(template, assignment, image, tag) for name, template in templates.items()}
    if (there := [path for path in files if path.exists()]) and not force:
        raise OptionError(f"{there[0]}: is there already; --force replaces it")
    for path, text in files.items():
        write_atomically(path, text)
    return list(files)


def _rendered(template: str, assignment: Assignment, image: bool, tag: str) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Workflows have braces of their own: so the marks of a template are others.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # nothing here is HTML
    )
    values = {"assignment": assignment.name, "image": image, "tag": tag, "python": PYTHON, "wheel": _wheel(assignment)}
    return environment.get_template(f"{template}.jinja").render(values | ACTIONS)


def _wheel(assignment: Assignment) -> str:
    """Return the wheel of the handout, with the extra that its README.md asks for."""
    readme = assignment.folder / "README.md"
    found = _WHEEL.search(readme.read_text(encoding="utf-8"))
    if not found:
        raise OptionError(f"{readme}: does not say which wheel to install")
    return found[1]
