"""The templates of the report, compiled once in a process, with a policy that lets only our own script run."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from graders.text.pages import page_environment, source_of
from graders.text.times import time_in_words

if TYPE_CHECKING:
    from jinja2 import Environment, Template

FOLDER = Path(__file__).parent
MADE_BY = '<meta name="generator" content="trivium report">'
"""Is in every page, so that no other file is taken for an old page."""


@cache
def template(name: str) -> Template:
    """Return the template of a page, such as "index.html.jinja"."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = page_environment(FOLDER)
    environment.filters |= {"percent": percent, "own_time": own_time, "seconds": seconds}
    environment.globals |= {"asset": asset, "policy": policy, "made_by": MADE_BY}
    return environment


@cache
def asset(*names: str) -> str:
    """Return style sheets or scripts of this folder as one text, without comments of their own lines and indents."""
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in names)
    return re.sub(
        r"\n\s*(//[^\n]*)?(?=\n|$)", "", re.sub(r"/\*.*?\*/", "", re.sub(r"\n[ \t]+", "\n", text), flags=re.S)
    )


@cache
def policy(style: str, script: str) -> str:
    """Return a content security policy: nothing is loaded, and nothing runs but this style and this script.

    So even if a submission's text got through unescaped, it would do nothing.
    """
    return (
        f"default-src 'none'; style-src {source_of(style)}; script-src {source_of(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def percent(part: float) -> str:
    """Return a part, from 0 to 1, in whole per cent; only what is whole is 0 % or 100 %.

    >>> percent(0.996), percent(1), percent(0.004)
    ('99 %', '100 %', '1 %')
    """
    whole = round(100 * part)
    if 0 < part < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole} %"


def own_time(text: str) -> str:
    """Return an ISO time in words, in its own offset."""
    return time_in_words(text, datetime.fromisoformat(text).tzinfo)


def seconds(value: float) -> str:
    """Return a duration for people.

    >>> seconds(0.04), seconds(12.34), seconds(75)
    ('0.0 s', '12.3 s', '1 min 15 s')
    """
    return f"{value:.1f} s" if value < 60 else f"{value // 60:.0f} min {value % 60:.0f} s"
