"""The pages in a real browser: nothing is loaded, nothing is reported, and both sides show the same passage."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.similarity.run import SimilarOptions, find_similar
from tests.support.class_exports import write
from tests.support.copies import padded, renamed, student

pytestmark = pytest.mark.slow

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
WIDTHS = (1400, 800, 390)
NASTY = "<img src=x onerror=alert(1)>"
IN_THE_WAY = '"""</code></div><script>alert(2)</script><img src="https://example.org/x.png">"""\n\u202e'


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a class with two copies, of which one has a nasty name and text."""
    folder = tmp_path_factory.mktemp("class")
    ada = student("a4", 0)
    copy = {name: IN_THE_WAY + text for name, text in renamed(padded(ada)).items()}
    for name, files in {"ada": ada, NASTY: copy, "bela": renamed(ada), "chen": student("a4", 1)}.items():
        write(folder / name, {path: text.encode() for path, text in files.items()})
    return find_similar(SimilarOptions("a4", [folder], tmp_path_factory.mktemp("out"))).folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if BROWSER is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_quiet_load_nothing_and_fit(pages: Path, browser: Any, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, said, asked = context.new_page(), list[str](), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    for path in sorted(pages.glob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.locator("img").count() == 0
        assert page.locator("html[lang=en] h1").count() == 1
    assert not said
    assert asked == [path.as_uri() for path in sorted(pages.glob("*.html"))]
    context.close()


def test_a_passage_is_shown_on_both_sides_at_the_same_height(pages: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto((pages / "index.html").as_uri())
    page.locator("table.pairs a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/pair-001.html")

    def heights(passage: str) -> list[float]:
        """Return how far the passage begins below the top of its pane, on both sides."""
        return [
            page.evaluate(
                "id => { const mark = document.getElementById(id), pane = mark.closest('.pane');"
                "return mark.getBoundingClientRect().top - pane.getBoundingClientRect().top }",
                side + passage,
            )
            for side in ("l", "r")
        ]

    last = page.locator(".passages tbody a").last.text_content()
    for way in ("click", "keyboard"):
        if way == "click":
            page.locator(".passages tbody a").nth(3).click()
            passage = "4"
        else:
            page.keyboard.press("p")
            passage = "3"
        assert page.locator("mark.here").first.get_attribute("data-of") == passage
        left, right = heights(passage)
        assert 0 < left < 900 and abs(left - right) < 2
    for _ in range(3):
        page.keyboard.press("p")
    assert page.locator("mark.here").first.get_attribute("data-of") == last, "around the end"
    page.close()


def test_without_its_script_the_links_lead_to_the_other_side(pages: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto((pages / "pair-001.html").as_uri())
    badge = page.locator(".pane").first.locator("a.badge").nth(1)
    assert badge.get_attribute("href") == "#r2"
    badge.click()
    assert page.url.endswith("#r2")
    context.close()


def test_each_passage_has_a_number_on_both_sides(pages: Path, browser: Any) -> None:
    page = browser.new_page()
    for path in pages.glob("pair-*.html"):
        page.goto(path.as_uri())
        numbers = page.locator(".passages tbody a").all_text_contents()
        for side in (0, 1):
            assert sorted(page.locator(".pane").nth(side).locator("a.badge").all_text_contents()) == sorted(numbers)
    page.close()
