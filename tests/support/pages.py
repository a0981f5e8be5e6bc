"""The pages of a report, as one text to search in, and a reader that objects to whatever our templates do not write."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from graders.exports.report.index import index_html
from graders.exports.report.submission import submission_html
from graders.exports.report.templates import asset
from graders.records.result import Result, Unread

VOID = {"meta", "rect", "line", "polyline", "input", "path"}
TAGS = {
    "html", "head", "title", "style", "script", "body", "header", "main", "nav", "section", "h1", "h2", "h3", "p",
    "div", "figure", "figcaption", "svg", "text", "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "a",
    "b", "span", "details", "summary", "ul", "li", "dl", "dt", "dd", "pre", "footer", "form", "label", "select",
    "option", "button", "output",
}  # fmt: skip
SCRIPTS = {asset("index.js"), asset("submission.js")}
STYLES = {asset("report.css", "index.css"), asset("report.css", "submission.css")}


def pages(results: Sequence[Result], unread: Sequence[Unread] = ()) -> list[str]:
    """Return the index and the pages of staff."""
    names = [f"p{place}" for place in range(len(results))]
    return [index_html(results, unread, names), *map(submission_html, results)]


def report_html(results: Sequence[Result], unread: Sequence[Unread] = ()) -> str:
    """Return all pages of staff as one text."""
    return "".join(pages(results, unread))


class Page(HTMLParser):
    """Reads a page: its texts and its links."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS | VOID, f"<{tag}> is not ours"
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "srcset", "srcdoc", "style"), f"{name}={value}"
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["script"], ["style"]):
            assert data in (SCRIPTS if self.open[-1] == "script" else STYLES), f"{data} is not ours"
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")
