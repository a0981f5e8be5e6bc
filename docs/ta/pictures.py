"""Makes the pictures of report.md: `python docs/ta/pictures.py`. Needs the sandbox, Chromium and Playwright.

It grades the demo's class, and photographs its report.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import sync_playwright

from demo.__main__ import SEED
from demo.students import write_class
from graders import GradeOptions, grade_class

FOLDER = Path(__file__).parent
QUALITY = 82


class Picture(NamedTuple):
    """A part of a page, in pixels from its top."""

    name: str
    page: str
    width: int
    top: str
    """What the picture begins with, as a selector."""
    height: int
    scheme: str = "light"


PICTURES = (
    Picture("report-index", "index.html", 1400, "body", 1100),
    Picture("report-table", "index.html#failed=1d&sort=total", 1180, "#submissions", 430, "dark"),
    Picture("report-page", "submissions/dario-conti.html", 900, "#q4", 700),
)


def main() -> int:
    """Write the pictures; return 0."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_class(folder / "class")
        grade_class(GradeOptions(assignment="a4", paths=[folder / "class"], out=folder / "grades", seed=SEED))
        for picture in PICTURES:
            take(picture, folder / "grades" / "report")
    return 0


def take(picture: Picture, report: Path) -> None:
    """Write one picture."""
    page_name, _, state = picture.page.partition("#")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": picture.width, "height": 900}, color_scheme=picture.scheme)
        page.goto(f"{(report / page_name).as_uri()}#{state}")
        box = page.locator(picture.top).bounding_box()
        above = 0 if picture.top == "body" else box["y"] + page.evaluate("scrollY") - 20
        clip = {"x": 0, "y": above, "width": picture.width, "height": picture.height}
        image = Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip)))
        browser.close()
    image.save(FOLDER / f"{picture.name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main())
