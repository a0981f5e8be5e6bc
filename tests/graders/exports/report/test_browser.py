"""The report in a real browser: layout at three widths, keyboard, filters, colours, print; and hostile texts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
import pytest

from graders.exports.report import write_report, write_student_reports
from graders.records.policies import Adjustment
from graders.records.result import QuestionResult, Result, Standing, Unread
from graders.records.training import AttentionMap
from sanity.core.difference import Difference
from sanity.core.feedback import Dial, Level
from tests.support.browser import Watched, browser
from tests.support.large_class import large_class
from tests.support.results import CRASHED, FAILED, HOSTILE, PASSED, made, stored
from tests.support.trainings import trained, with_training

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

WIDTHS = (400, 900, 1400)
NASTY = (
    *HOSTILE, "--></style><script>alert(2)</script>", "</script><script>alert(3)</script>", "</title><h1>mine",
    '"><img src=x onerror=alert(4)>', "' onfocus='alert(5)' autofocus='", "javascript:alert(6)", "\u202eevil\u202c",
    "</svg><iframe src='https://example.org'></iframe>", "w" * 5000, "@import 'https://example.org/x.css';",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def hostile_class() -> list[Result]:
    """A class in which every text that somebody else chooses is hostile."""
    class_ = []
    for place, text in enumerate(map(stored, NASTY)):
        nasty = replace(
            FAILED, sentence=text, message=text, diagnosis=text, hint=text, case=text, detail=text, check=text,
            script=text, difference=Difference(text, (text, text), ((1.0, None), (0.0, -2.0))),
        )  # fmt: skip
        result = with_training(
            made(text or "unnamed", nasty, PASSED, replace(CRASHED, message=text)),
            trained(
                message=text,
                signature=text,
                samples=((text, text, text), ("a b", "2:x 0:y", f"2:{text[:9]} 0:y")),
                attention=(AttentionMap([text[:20], "b"], [text[:20]], [[0.2, 0.8]]),),
            ),
        )
        questions = tuple(
            msgspec.structs.replace(q, name=text, printed=text, comment=text, history=(text,)) for q in result.questions
        )
        class_.append(
            msgspec.structs.replace(
                result,
                questions=questions,
                title=text,
                written=text,
                notes=(text,),
                digest=f"{place // 2:064x}",
                policy=Adjustment(8, 4, text, "2026-11-21T00:00:00+01:00", "2026-11-20T00:00:00+01:00"),
            )
        )
    return sorted(class_, key=lambda result: result.submission)


def ordinary_class() -> list[Result]:
    """Twenty questions, some of them in words, and one student who is excused."""
    class_ = large_class(30, 20)
    words = QuestionResult("9z", "In words", 0.0, 4, (), standing=Standing.UNMARKED, comment="Not marked yet")
    class_ = [msgspec.structs.replace(result, questions=(*result.questions, words)) for result in class_]
    excused = msgspec.structs.replace(class_[0].questions[0], standing=Standing.EXCUSED, points=0.0)
    class_[0] = msgspec.structs.replace(class_[0], questions=(excused, *class_[0].questions[1:]))
    return class_


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(ordinary_class(), tmp_path_factory.mktemp("ordinary"), [Unread("zoe.zip", "not a zip")])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    unread = [Unread(stored(text), stored(text)) for text in NASTY]
    return write_report(hostile_class(), tmp_path_factory.mktemp("hostile"), unread)


OVERLAPS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg')) {
    const boxes = [...svg.querySelectorAll('text')].map((one) => [one.textContent, one.getBoundingClientRect()]);
    for (let i = 0; i < boxes.length; i++)
      for (let k = i + 1; k < boxes.length; k++) {
        const [[a, p], [b, q]] = [boxes[i], boxes[k]];
        const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (x > 1 && y > 3 && a.trim() && b.trim()) found.push(`${a} on ${b}`);
      }
  }
  return found;
}"""

CONTRASTS = """() => {
  const channels = (text) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d');
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    if (node.namespaceURI.endsWith('svg') && node.nodeName === 'text') {
      const box = node.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      for (const rect of [...node.ownerSVGElement.querySelectorAll('rect')].reverse()) {
        const other = rect.getBoundingClientRect();
        if (other.left <= x && x <= other.right && other.top <= y && y <= other.bottom)
          return channels(getComputedStyle(rect).fill);
      }
    }
    for (let one = node; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return channels(getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'black' : 'white');
  };
  const worst = new Map();
  for (const node of document.body.querySelectorAll('*')) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!own || !node.checkVisibility() || node.matches('script, style, option, .skip')) continue;
    const style = getComputedStyle(node);
    const ink = channels(node.nodeName === 'text' ? style.fill : style.color);
    const [a, b] = [light(ink.slice(0, 3)), light(behind(node).slice(0, 3))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const name = `${node.nodeName}.${node.getAttribute('class')} ${node.textContent.slice(0, 20)}`;
    if (contrast < 4.5) worst.set(name, contrast);
  }
  return [...worst];
}"""


def pages_of(index: Path) -> list[Path]:
    return [index, *sorted(index.parent.glob("submissions/*.html"))]


def overflow(page: Any) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window_and_no_label_lies_on_another(
    chromium: Browser, ordinary: Path, width: int
) -> None:
    with Watched(chromium, width) as watched:
        for path in pages_of(ordinary)[:5]:
            watched.page.goto(path.as_uri())
            assert overflow(watched.page) <= 0
            assert watched.page.evaluate(OVERLAPS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(chromium: Browser, ordinary: Path, hostile: Path, scheme: str) -> None:
    with Watched(chromium, 1400, scheme) as watched:
        for path in (*pages_of(ordinary)[:4], *pages_of(hostile)[:3]):
            watched.page.goto(path.as_uri())
            for box in watched.page.locator("details").all():
                box.evaluate("one => { one.open = true; }")
            assert watched.page.evaluate(CONTRASTS) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_names_and_texts_are_text(chromium: Browser, hostile: Path, width: int, tmp_path: Path) -> None:
    paths = pages_of(hostile) + write_student_reports(hostile_class(), tmp_path, Dial(default=Level.COUNTEREXAMPLE))
    with Watched(chromium, width) as watched:
        for path in paths if width == 900 else paths[:6]:
            watched.page.goto(path.as_uri())
            assert overflow(watched.page) <= 0, path
            assert watched.page.locator("script").count() == watched.page.locator("style").count() == 1
            assert watched.page.locator("img, iframe, object, embed, link, base").count() == 0
            assert watched.page.locator("h1").count() == 1
    assert len(paths) == 1 + 2 * len(NASTY)


def test_every_link_leads_somewhere(chromium: Browser, hostile: Path, ordinary: Path) -> None:
    with Watched(chromium) as watched:
        for path in (*pages_of(hostile)[:9], *pages_of(ordinary)[:2]):
            watched.page.goto(path.as_uri())
            for link in watched.page.locator("a").evaluate_all("all => all.map((one) => one.getAttribute('href'))"):
                if link.startswith("#"):
                    assert "=" in link or watched.page.locator(f"[id='{link[1:]}']").count() == 1
                else:
                    assert (path.parent / unquote(link)).is_file()


def names(page: Any) -> list[str]:
    return [name.strip() for name in page.locator("#class tbody tr:visible th").all_inner_texts()]


def test_the_table_is_sorted_by_the_keyboard(chromium: Browser, ordinary: Path) -> None:
    with Watched(chromium, 1400) as watched:
        page = watched.page
        page.goto(ordinary.as_uri())
        before = names(page)
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('th')?.dataset.k") == "total":
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        head = page.locator("th[data-k=total]")
        assert head.get_attribute("aria-sort") == "none"
        page.keyboard.press("Enter")
        totals = [float(text) for text in page.locator("#class tbody td b").all_inner_texts()]
        assert totals == sorted(totals) and head.get_attribute("aria-sort") == "ascending"
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "descending"
        totals = [float(text) for text in page.locator("#class tbody td b").all_inner_texts()]
        assert totals == sorted(totals, reverse=True) and sorted(names(page)) == before
        assert page.url.endswith("#sort=total&down=1")
        page.reload()
        assert head.get_attribute("aria-sort") == "descending"


def test_what_has_no_points_is_sorted_last(chromium: Browser, ordinary: Path) -> None:
    with Watched(chromium, 1400) as watched:
        page = watched.page
        page.goto(f"{ordinary.as_uri()}#sort=1a")
        assert page.locator("#class tbody tr").last.locator("td").first.inner_text() == "EX"
        page.locator("th[data-k='1a'] button").click()
        assert page.locator("#class tbody tr").last.locator("td").first.inner_text() == "EX"


def test_the_table_is_searched_by_a_key(chromium: Browser, ordinary: Path) -> None:
    with Watched(chromium) as watched:
        page = watched.page
        page.goto(ordinary.as_uri())
        one = names(page)[7]
        page.keyboard.press("/")
        page.keyboard.type(one[:9].upper())
        assert names(page) == [name for name in names(page) if name.startswith(one[:9])] and one in names(page)
        assert page.locator("output").inner_text() == f"{len(names(page))} of 30 shown"
        assert page.url.endswith(f"#q={one[:9].upper()}")
        page.keyboard.type("/")  # in the field it is a letter
        assert page.locator("#q").input_value().endswith("/") and names(page) == []
        page.get_by_role("button", name="Show all").click()
        assert page.locator("output").inner_text() == "30 of 30 shown"


def test_the_table_is_filtered_by_question_and_mistake(chromium: Browser, ordinary: Path) -> None:
    class_ = ordinary_class()
    with Watched(chromium, 1400) as watched:
        page = watched.page
        page.goto(ordinary.as_uri())
        page.locator("#failed").select_option("2b")
        failing = [r.submission for r in class_ if any(q.id == "2b" and q.points < q.max_points for q in r.questions)]
        assert names(page) == failing and page.url.endswith("#failed=2b")
        page.get_by_role("button", name="Show all").click()
        link = page.locator("#mistakes tbody a").first
        count = int(link.inner_text())
        question, mistake = page.locator("#mistakes tbody tr").first.locator("td, th").all_inner_texts()[:2]
        link.click()
        page.get_by_text(f"{count} of 30 shown").wait_for()
        found = [r.submission for r in class_ if any(v.diagnosis == mistake for q in r.questions for v in q.verdicts)]
        assert names(page) == found and len(found) == count
        chosen = page.locator("#diagnosis option:checked").inner_text()
        assert chosen == f"{question}: {mistake}"
        page.goto(f"{ordinary.as_uri()}#diagnosis=nosuch&failed=%3Cb%3E&sort=%22")  # of another report, or made up
        page.reload()
        assert len(names(page)) == 30


def test_without_a_script_the_table_is_a_table(chromium: Browser, ordinary: Path) -> None:
    with Watched(chromium, script=False) as watched:
        watched.page.goto(ordinary.as_uri())
        assert watched.page.locator("#class tbody tr").count() == 30
        assert not watched.page.locator("#filter").is_visible() and watched.page.locator("th button").count() == 0


def test_a_case_is_copied(chromium: Browser, ordinary: Path) -> None:
    failing = next(path for path in pages_of(ordinary)[1:] if "This case as Python" in path.read_text())
    with Watched(chromium) as watched:
        page = watched.page
        page.goto(failing.as_uri())
        watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
        box = page.locator("details:has(.code)").first
        box.locator("summary").click()
        box.get_by_role("button", name="Copy").click()
        box.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == box.locator("pre").text_content() and copied.startswith("import numpy as np\n")


def test_headings_landmarks_and_tables_are_labelled(chromium: Browser, ordinary: Path) -> None:
    with Watched(chromium) as watched:
        page = watched.page
        for path in pages_of(ordinary)[:3]:
            page.goto(path.as_uri())
            levels = page.locator("h1, h2, h3").evaluate_all("all => all.map((one) => +one.nodeName[1])")
            assert levels[0] == 1 and all(b <= a + 1 for a, b in pairwise(levels))
            assert page.locator("main").count() == page.locator("body > footer").count() == 1
            assert page.locator("html[lang=en]").count() == 1
            assert page.locator("th:not([scope])").count() == 0
            assert page.locator("svg:not([role=img][aria-label]):not([aria-hidden])").count() == 0
            ids = page.locator("[id]").evaluate_all("all => all.map((one) => one.id)")
            assert len(ids) == len({*ids})
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip"
            page.keyboard.press("Enter")
            assert page.url.endswith("#main")


def test_it_prints(chromium: Browser, ordinary: Path) -> None:
    with Watched(chromium) as watched:
        page = watched.page
        for path in pages_of(ordinary)[:2]:
            page.goto(path.as_uri())
            data = page.pdf(prefer_css_page_size=True)
            assert data.startswith(b"%PDF") and data.count(b"/Type /Page\n") >= 2
        page.emulate_media(media="print")
        assert not page.locator("nav").first.is_visible()
        page.goto(ordinary.as_uri())
        assert not page.locator("#filter").is_visible()
        assert page.locator(".tall").evaluate("one => getComputedStyle(one).overflowY") == "visible"


def test_the_pages_of_students_stand_alone(chromium: Browser, tmp_path: Path) -> None:
    class_ = random.Random(1).sample(ordinary_class(), 3)
    with Watched(chromium, 400, "dark") as watched:
        for path in write_student_reports(class_, tmp_path, Dial()):
            watched.page.goto(path.as_uri())
            assert overflow(watched.page) <= 0 and watched.page.evaluate(CONTRASTS) == []
            assert watched.page.locator("a:not([href^='#'])").count() == 0
