"""The documents as a site: every link leads somewhere, nothing is loaded from elsewhere, formulas and search work."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOADED = re.compile(r'<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)="([^"]+)"')

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    sphinx = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-q", "-c", ROOT / "docs" / "site"]
    made = subprocess.run([*sphinx, ROOT, folder], capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    return folder


def test_every_document_is_a_page_of_the_contents(site: Path) -> None:
    documents = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("assignments/a?/README.md"), *ROOT.glob("*.md")]
    contents = (site / "docs" / "README.html").read_text(encoding="utf-8")
    for document in documents:
        page = document.relative_to(ROOT).with_suffix(".html")
        assert (site / page).is_file(), page
        assert page == Path("docs/README.html") or f"{page.name}" in contents, page


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for target in LOADED.findall(page.read_text(encoding="utf-8")):
            file = target.split("?")[0].split("#")[0]
            assert (page.parent / file).exists(), f"{page.name} loads {target}"


def test_formulas_are_mathml(site: Path) -> None:
    page = (site / "assignments" / "a5" / "README.html").read_text(encoding="utf-8")
    assert page.count("<math") > 100
    assert 'display="block"' in page


def test_the_search_finds_words_in_a_browser(site: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    address = f"{(site / 'search.html').as_uri()}?q=perplexity"
    browser = [chromium, "--headless", "--no-sandbox", "--virtual-time-budget=10000", "--dump-dom", address]
    page = subprocess.run(browser, capture_output=True, text=True, check=True).stdout
    assert "how-training-is-graded.html" in page
