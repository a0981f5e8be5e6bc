"""The documents as a site: `python3 dev.py site`. Sphinx reads them where they stand, so that GitHub shows them too.

The pages load nothing from elsewhere: formulas are MathML, and the search runs in the browser.
"""

from __future__ import annotations

import posixpath
from functools import partial
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

project = html_title = "Trivium"
extensions = ["myst_parser"]
root_doc = "docs/README"
CHAPTERS = {
    "Start": ["README", "docs/how-it-works"],
    "Students": ["docs/student/*", "assignments/*/README"],
    "Teaching assistants": ["docs/ta/*"],
    "Course authors": ["docs/author/*", "docs/topics"],
    "Trust": ["docs/how-the-sandbox-works", "docs/how-training-is-graded"],
    "Contributors": ["CONTRIBUTING", "docs/libraries", "tests/README", "benchmarks/README", "CHANGELOG"],
}
include_patterns = [f"{root_doc}.md", *(f"{page}.md" for pages in CHAPTERS.values() for page in pages)]
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 3
html_theme = "furo"
html_math_renderer = "mathml"
html_show_copyright = html_show_sphinx = html_copy_source = False


def add_contents(app: Sphinx, page: str, text: list[str]) -> None:
    """Give the first page the table of contents: its own links are sentences."""
    if page == root_doc:
        for chapter, pages in CHAPTERS.items():
            entries = "\n".join(f"/{one}" for one in pages)
            text[0] += f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {chapter}\n\n{entries}\n```\n"


def write_formula(writer: Any, node: nodes.math | nodes.math_block, display: str) -> None:
    """Write a formula as MathML, which browsers show without a script."""
    formulas = node.astext().split(r"\qquad") if display == "block" else [node.astext()]
    frame = "<p>{}</p>" if display == "block" else "{}"
    writer.body.extend(frame.format(convert(formula.strip(), display=display)) for formula in formulas)
    raise nodes.SkipNode


def add_entrance(app: Sphinx, error: Exception | None) -> None:
    """Let the folder itself open the first page."""
    if error is None:
        page = posixpath.join(".", app.builder.get_target_uri(root_doc))
        to = f'<!doctype html><meta http-equiv="refresh" content="0; url={page}"><title>{project}</title>'
        (app.outdir / "index.html").write_text(f'{to}<a href="{page}">{project}</a>\n', encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register what this file adds to Sphinx."""
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_entrance)
    inline, block = (partial(write_formula, display=display) for display in ("inline", "block"))
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
