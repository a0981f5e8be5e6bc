"""The handout's pages: README.md of an assignment, and what students read of docs/, as HTML."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from graders.course.assignment import Assignment
from graders.course.handout.markdown import Page, render
from graders.course.handout.wheel import ROOT
from graders.text.numbers import number
from graders.text.pages import page_environment

if TYPE_CHECKING:
    from jinja2 import Template

HELP = "help"
"""The folder of the handout that has the pages of docs/student/."""


def pages(assignment: Assignment) -> dict[str, str]:
    """Return the HTML pages of a handout, by their path in it.

    Links between the pages, and to files of the handout, lead there; others inside the repository become plain text.
    Raises HandoutError for an image that is no figure of ours.
    """
    folder = f"assignments/{assignment.name}"
    sources = {f"{folder}/README.md": assignment.folder / "README.md"}
    sources |= {f"docs/student/{path.name}": path for path in sorted((ROOT / "docs" / "student").glob("*.md"))}
    places = {f"{folder}/{file}": file for file in assignment.handout_files()}
    places |= {source: _place(source) for source in sources}
    rendered = {
        source: render(path, _Links(source, places), _worth(assignment) if source.startswith(folder) else {})
        for source, path in sources.items()
    }
    titles = {places[source]: page.title for source, page in rendered.items()}
    return {places[source]: _whole(page, places[source], titles, assignment) for source, page in rendered.items()}


def _place(source: str) -> str:
    """Return where the page of a Markdown file is in the handout."""
    name = posixpath.basename(source).removesuffix(".md") + ".html"
    return f"{HELP}/{name}" if source.startswith("docs/") else name


def _worth(assignment: Assignment) -> dict[str, str]:
    """Return what each question is worth, in words, by its id."""
    manifest = assignment.manifest
    worth = {question.id: question.points for question in manifest.questions}
    worth |= {written.id: written.points for written in manifest.written}
    worth |= {trained.id: trained.points for trained in manifest.trained}
    return {id: _points(points) for id, points in worth.items()}


def _points(points: float) -> str:
    return f"{number(points)} point{'' if points == 1 else 's'}"


class _Links:
    """Where the links of one page lead in the handout."""

    def __init__(self, source: str, places: Mapping[str, str]) -> None:
        self._folder, self._places = posixpath.dirname(source), places
        self._here = posixpath.dirname(places[source])

    def __call__(self, href: str) -> str | None:
        """Return the link in the handout; None if its target is not there."""
        path, hash, fragment = href.partition("#")
        if "://" in href or not path:
            return href
        place = self._places.get(posixpath.normpath(posixpath.join(self._folder, path)))
        return place and posixpath.relpath(place, self._here or ".") + hash + fragment


def _whole(page: Page, place: str, titles: Mapping[str, str], assignment: Assignment) -> str:
    """Return a page with its head, the list of its sections and links to the other pages."""
    here = posixpath.dirname(place) or "."
    others = [(posixpath.relpath(other, here), title) for other, title in titles.items() if other != place]
    manifest = assignment.manifest
    parts = {
        "checked": sum(question.points for question in manifest.questions),
        "for answers in words": sum(question.points for question in manifest.written),
        "for training": sum(question.points for question in manifest.trained),
    }
    earned = ", ".join(f"{_points(points)} {kind}" for kind, points in parts.items() if points)
    return template().render(page=page, others=others, earned="" if place.startswith(HELP) else earned)


@cache
def template() -> Template:
    """Return the template of all pages, compiled once in a process."""
    return page_environment(Path(__file__).parent).get_template("page.html.jinja")
