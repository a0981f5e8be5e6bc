"""The handout's pages in a real browser: nothing is loaded, nothing is reported, nothing is wider than a phone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

import pytest

from graders.course.assignment import assignment_names, load_assignment
from graders.course.handout.pages import pages

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine")]

MEASURE = """<!doctype html><iframe width="{width}" height="900" srcdoc="{page}"></iframe><pre></pre><script>
addEventListener("load", () => {{
  const frame = document.querySelector("iframe").contentWindow, root = frame.document.documentElement;
  const all = [...frame.document.querySelectorAll("main > *")];
  const wide = all.filter(x => x.getBoundingClientRect().right > root.clientWidth).map(x => x.textContent.slice(0, 60));
  document.querySelector("pre").textContent = JSON.stringify({{
    scrolls: root.scrollWidth > root.clientWidth, wide, parts: all.length > 5,
    loaded: frame.performance.getEntriesByType("resource").map(x => x.name)}});
}})</script>"""
"""The page in a frame: a window of chromium has no less than 500 pixels."""


def browse(page: Path, *options: str) -> tuple[str, list[str]]:
    """Return the document and the lines of the console."""
    assert BROWSER
    profile = page.parent / "profile"
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command += ["--enable-logging=stderr", "--dump-dom", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def measured(text: str, folder: Path, width: int) -> dict[str, object]:
    """Return whether a page scrolls sideways, which parts are too wide, and what it has loaded."""
    page = folder / "measured.html"
    page.write_text(MEASURE.format(width=width, page=escape(text)), encoding="utf-8")
    document, _ = browse(page, "--window-size=1400,1000")
    [found] = re.findall(r"<pre>(.*?)</pre><script>", document)
    result: dict[str, object] = json.loads(unescape(found))
    return result


@pytest.mark.parametrize("name", assignment_names())
def test_a_page_loads_nothing_reports_nothing_and_fits_a_phone(name: str, tmp_path: Path) -> None:
    for place, text in pages(load_assignment(name)).items():
        page = tmp_path / "page.html"
        page.write_text(text, encoding="utf-8")
        document, console = browse(page)
        assert console == [] and "</h1>" in document, place
        for width in (400, 1280):
            found = measured(text, tmp_path, width)
            assert found == {"scrolls": False, "wide": [], "parts": True, "loaded": []}, (place, width)


def test_a_page_that_loads_something_or_is_too_wide_is_found(tmp_path: Path) -> None:
    text = pages(load_assignment("a1"))["README.html"]
    page = tmp_path / "page.html"
    page.write_text(text.replace("<h1>", '<img src="nowhere.png"><h1>'), encoding="utf-8")
    assert re.search("Content Security Policy|nowhere", " ".join(browse(page)[1]))
    found = measured(text.replace("<h1>", '<p style="width: 900px">wide</p><h1>'), tmp_path, 400)
    assert found["scrolls"] and found["wide"] == ["wide"]
