"""Templates of pages, and the policy by which a page runs nothing but our own script."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from graders.text.numbers import number
from graders.text.sanitize import clean_name, clean_text

if TYPE_CHECKING:
    from jinja2 import Environment


def page_environment(folder: Path) -> Environment:
    """Return an environment for the templates in a folder: what they are given is escaped, and has to be given."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"text": clean_text, "name": clean_name, "number": number}
    return environment


def source_of(text: str) -> str:
    """Return how a content security policy names the one style sheet, or script, that it allows."""
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
