"""The desk in a real browser: forms, keys, two tabs, three widths, and nothing from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.desk.serve import DeskOptions
from tests.support.desk import class_at, served

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

HOSTILE = "</pre><script>document.title = 'taken'</script><img src=http://evil.example/x.png onerror=alert(1)>"
ANSWERS = {"ada-lovelace": "They hide padding.", "bela-novak": HOSTILE, "chen-wei": ""}


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return class_at(tmp_path, ANSWERS)


class Tab:
    """A page of the desk, and what it complained of or asked for elsewhere."""

    def __init__(self, context: playwright.BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "request", lambda request: self.asked.add(request.url.split("/")[2] if "//" in request.url else "")
        )
        self.page.goto(address)


@pytest.fixture
def tab(out: Path, browser: playwright.Browser) -> Iterator[Tab]:
    with served(DeskOptions(grades=out, person="Grace")) as server:
        context = browser.new_context()
        tab = Tab(context, server.address)
        yield tab
        assert tab.complaints == []
        assert tab.asked <= {server.address.split("/")[2], ""}
        context.close()


def sheet(out: Path) -> list[str]:
    return (out / "marks.csv").read_text("utf-8-sig").splitlines()[1:]


def test_a_class_is_marked_by_hand_and_mouse(tab: Tab, out: Path) -> None:
    page = tab.page
    assert "token" not in page.url and page.title() == "Marking desk · a4"
    page.get_by_role("link", name="Mark 1g").click()
    page.get_by_label("Points").fill("2.5")
    page.get_by_label("Comment").fill("Say why.\nIn a sentence.")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/question/1g/*")
    assert page.get_by_text(HOSTILE).first.is_visible()
    page.get_by_text("Comments given here before").click()
    page.get_by_role("button", name="Say why.").click()
    page.get_by_label("Points").fill("0")
    page.get_by_role("button", name="Save and go on").click()
    assert page.get_by_text("There is no answer in words").or_(page.locator("pre.words")).first.is_visible()
    assert sheet(out) == [
        'ada-lovelace,1g,2.5,"Say why.', 'In a sentence."', 'bela-novak,1g,0,"Say why.', 'In a sentence."'
    ]  # fmt: skip
    page.get_by_role("link", name="a4").click()
    page.get_by_role("button", name="Write the exports").click()
    assert page.get_by_role("status").inner_text().endswith("files are written: gradebook.csv, the report and results/")
    assert "Say why." in (out / "results" / "ada-lovelace.json").read_text()


def test_a_class_is_marked_by_keys_alone(tab: Tab, out: Path) -> None:
    page = tab.page
    page.get_by_role("link", name="Mark 1i").click()
    page.wait_for_load_state()
    for points in ("4", "3"):
        page.keyboard.press("m")
        page.keyboard.type(points)
        page.keyboard.press("Tab")
        page.keyboard.type("un")  # letters in a field are no commands
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
    assert sheet(out) == ["ada-lovelace,1i,4,un", "bela-novak,1i,3,un"]
    for key, place in (("p", "2 of 3"), ("p", "1 of 3"), ("n", "2 of 3"), ("u", "3 of 3")):
        with page.expect_navigation():
            page.keyboard.press(key)
        assert page.locator("nav span").inner_text() == place
    with page.expect_navigation():
        page.keyboard.press("o")
    assert page.title() == "Marking desk · a4"


def test_a_change_of_checked_points_needs_its_reason(tab: Tab, out: Path) -> None:
    page = tab.page
    page.get_by_role("link", name="Read 1d").click()
    page.wait_for_load_state()
    page.keyboard.press("m")  # opens what is folded
    page.keyboard.type("5")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert "needs a reason" in page.get_by_role("alert").inner_text()
    tab.complaints.clear()  # the browser says of a refused form that it was refused
    assert page.locator("input.points").input_value() == "5"
    page.get_by_label("Comment").fill("copied")
    page.get_by_role("button", name="Save and go on").click()
    assert sheet(out) == ["ada-lovelace,1d,5,copied"]


def test_two_tabs_lose_nothing(tab: Tab, out: Path) -> None:
    page = tab.page
    page.get_by_role("link", name="Mark 1g").click()
    other = page.context.new_page()
    other.goto(page.url)
    for one, points, comment in ((page, "3", "clear"), (other, "1", "vague")):
        one.get_by_label("Points").fill(points)
        one.get_by_label("Comment").fill(comment)
        one.get_by_role("button", name="Save and go on").click()
    alert = other.get_by_role("alert").inner_text()
    assert "Somebody else has marked this meanwhile" in alert and "clear" in alert
    assert (other.get_by_label("Points").input_value(), other.get_by_label("Comment").input_value()) == ("1", "vague")
    assert sheet(out) == ["ada-lovelace,1g,3,clear"]
    other.get_by_role("button", name="Save and go on").click()
    other.wait_for_url("**/question/1g/*")
    assert sheet(out) == ["ada-lovelace,1g,1,vague"]
    other.goto(page.url.rsplit("/", 3)[0] + "/trail")
    cells = other.locator("table.trail tbody tr").all_inner_texts()
    assert [cell.split("\t")[4:] for cell in cells] == [["3: clear", "1: vague"], ["–", "3: clear"]]


def test_all_questions_of_one_submission(tab: Tab, out: Path) -> None:
    page = tab.page
    page.get_by_role("link", name="chen-wei").click()
    question = page.locator("details.question").first
    question.get_by_label("Points").fill("1")
    question.get_by_role("button", name="Save").click()
    page.wait_for_url("**#1i")
    assert page.locator("[id='1i'] input.points").evaluate("field => field === document.activeElement")
    assert sheet(out) == ["chen-wei,1g,1,"]


def test_nothing_typed_is_lost_by_a_key(tab: Tab) -> None:
    page = tab.page
    page.get_by_role("link", name="Mark 1g").click()
    page.wait_for_load_state()  # the script is there
    page.get_by_label("Comment").click()  # a browser asks nobody who has only looked
    page.get_by_label("Comment").press_sequentially("half a sentence")
    page.get_by_label("Comment").press("Escape")
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.keyboard.press("n")
    assert asked.value.type == "beforeunload"
    assert page.get_by_label("Comment").input_value() == "half a sentence"


@pytest.mark.parametrize("width", [400, 900, 1400])
def test_pages_fit_and_nothing_of_a_submission_runs(tab: Tab, width: int) -> None:
    page = tab.page
    page.set_viewport_size({"width": width, "height": 900})
    links = page.eval_on_selector_all("a[href*='/question/'], a[href*='/student/']", "links => links.map(a => a.href)")
    for link in [page.url, *links[:5], *links[-3:], page.url + "trail"]:
        page.goto(link)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.title() != "taken"


def test_without_script_forms_and_links_do_all(out: Path, browser: playwright.Browser) -> None:
    with served(DeskOptions(grades=out, person="Grace", blind=True)) as server:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(server.address)
        page.get_by_role("link", name="Mark 1g").click()
        page.get_by_label("Points").fill("3")
        page.get_by_role("button", name="Save and go on").click()
        page.wait_for_url("**/question/1g/*")
        assert "lovelace" not in page.content() and "lovelace" not in page.url
        context.close()
    assert len(sheet(out)) == 1


def test_a_browser_without_the_cookie_is_shown_nothing(out: Path, browser: playwright.Browser) -> None:
    with served(DeskOptions(grades=out, person="Grace")) as server:
        context = browser.new_context()
        page = context.new_page()
        page.goto(server.address.partition("?")[0])
        assert page.inner_text("body") == "Open the address that trivium desk has printed: it has the token."
        context.close()
