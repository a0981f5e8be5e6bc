"""Renders our Markdown as HTML that loads nothing: formulas as MathML, figures as SVG in the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.course.handout.error import HandoutError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LEVELS = ("h2", "h3")
"""The headings that are listed at the top of a page."""


FORMULA_END = re.compile(r'(<span class="math inline">(?:(?!</math>).)*</math></span>[.,;:!?)]+)', re.DOTALL)
"""A formula in a line with the punctuation after it, which must not begin the next line."""


@dataclass(frozen=True)
class Page:
    """A page without its frame."""

    title: str
    body: str
    """HTML, without the title."""
    sections: Sequence[tuple[str, str, str]]
    """The headings below the title: level such as h2, id, text."""


def render(path: Path, link: Callable[[str], str | None], worth: Mapping[str, str]) -> Page:
    """Return a Markdown file as a page.

    Args:
        path: the file.
        link: returns where a link leads in the handout; None if its target is not there, then its text is left.
        worth: the points, in words, that are added to the headings and table cells of questions, by question id.

    Raises HandoutError for an image that is not an SVG figure beside the file.
    """
    parser = _parser()
    tokens = parser.parse(path.read_text(encoding="utf-8"), {})
    sections: list[tuple[str, str, str]] = []
    title = path.stem
    for index, token in enumerate(tokens):
        if token.type != "inline":
            continue
        children = token.children or []
        before = tokens[index - 1]
        if before.type == "heading_open":
            text = _text(children)
            before.attrSet("id", slug(text))
            if before.tag == "h1":
                title, children = text, []
                before.hidden = tokens[index + 1].hidden = True
            elif before.tag in LEVELS:
                sections.append((before.tag, slug(text), text))
            ids = [id for id in worth if re.search(rf"(?<![\w.]){re.escape(id)}(?![\w])", text)]
            children += [_points(worth[id], f"{id}: " if len(ids) > 1 else "") for id in ids]
        elif before.type == "td_open" and tokens[index - 2].type == "tr_open" and token.content in worth:
            children.append(_points(worth[token.content]))
        elif [child.type for child in children] == ["image"]:  # a figure, which is no part of a paragraph
            before.hidden = tokens[index + 1].hidden = True
        token.children = list(_placed(children, path, link))
    body = parser.renderer.render(tokens, parser.options, {})
    return Page(title, FORMULA_END.sub(r'<span class="together">\1</span>', body), sections)


def slug(text: str) -> str:
    """Return the id of a heading, as GitHub makes it.

    >>> slug("1c. Layers (`nmt_model.py`)")
    '1c-layers-nmt_modelpy'
    """
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _text(tokens: Sequence[Token]) -> str:
    """Return the text of a heading without its markup."""
    return "".join(token.content for token in tokens)


def _points(words: str, before: str = "") -> Token:
    from markdown_it.token import Token

    return Token("points", "", 0, content=before + words)


def _placed(tokens: Sequence[Token], path: Path, link: Callable[[str], str | None]) -> Iterator[Token]:
    """Yield the parts of a line with its links and images as they are in the handout."""
    kept: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            target = link(str(token.attrs["href"]))
            kept.append(target is not None)
            token.attrs["href"] = target or ""
        if token.type == "image":
            token.meta["svg"] = _figure(path.parent / str(token.attrs["src"]))
        if not token.type.startswith("link_") or kept[-1]:
            yield token
        if token.type == "link_close":
            kept.pop()


def _figure(path: Path) -> str:
    if path.suffix != ".svg" or not path.is_file():
        raise HandoutError(f"{path}: expected an SVG file: a page shows no other image, for it must load nothing")
    return path.read_text(encoding="utf-8")


def _parser() -> MarkdownIt:
    """Return a parser of CommonMark with tables and formulas; raw HTML, such as a comment, is left out."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark").enable("table")
    parser.use(
        dollarmath_plugin,
        allow_space=False,
        allow_digits=False,
        allow_labels=False,
        renderer=lambda content, options: _formula(content, display=options["display_mode"]),
    )

    def fenced(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        if tokens[index].info != "math":
            return f"<pre><code>{escape(tokens[index].content, quote=False)}</code></pre>\n"
        # Formulas beside each other are below each other on a phone.
        formulas = (_formula(part, display=True) for part in tokens[index].content.split(r"\qquad"))
        return f'<div class="formulas">{"".join(f"<div>{formula}</div>" for formula in formulas)}</div>\n'

    def figure(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        svg, caption = tokens[index].meta["svg"], _escaped(tokens[index].content)
        return f'<figure><div class="wide">{svg}</div><figcaption>{caption}</figcaption></figure>\n'

    def points(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return f' <span class="points">{_escaped(tokens[index].content)}</span>'

    parser.add_render_rule("fence", fenced)
    parser.add_render_rule("image", figure)
    parser.add_render_rule("points", points)
    for raw in ("html_block", "html_inline"):
        parser.add_render_rule(raw, lambda *_: "")
    parser.add_render_rule("table_open", lambda *_: '<div class="wide"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def _formula(latex: str, *, display: bool) -> str:
    """Return a formula as MathML."""
    from latex2mathml.converter import convert

    return convert(latex.strip(), display="block" if display else "inline")


def _escaped(text: str) -> str:
    return escape(" ".join(text.split()))
