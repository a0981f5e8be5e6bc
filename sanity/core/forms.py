"""How an answer is nested, and what its parts are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sanity.core.errors import CheckFailed
from sanity.core.values import describe

Form = str | tuple["Form", ...]
"""The name of one output, or a tuple of forms."""


def parse_form(text: str) -> Form:
    """Read a form such as `enc_hiddens, (h_0, c_0)` into nested tuples of names."""
    tokens = iter(re.findall(r"[(),]|[^(),\s][^(),]*", text))
    parts = tuple(_parse_parts(tokens))
    return parts[0] if len(parts) == 1 else parts


def _parse_parts(tokens: Iterator[str]) -> Iterator[Form]:
    for token in tokens:
        if token == "(":
            yield tuple(_parse_parts(tokens))
        elif token == ")":
            return
        elif token != ",":
            yield token.strip()


def form_text(form: Form) -> str:
    """Spell a form as Python would."""
    if isinstance(form, str):
        return form
    return ", ".join(f"({form_text(part)})" if isinstance(part, tuple) else part for part in form)


def unpack(answer: Any, form: Form, what: str) -> dict[str, Any]:
    """Return the parts of a plain answer by name; raise CheckFailed if it does not have the form."""
    if isinstance(form, str):
        if answer is None:
            raise CheckFailed(f"{what} returned None: did you forget `return`?", slip="no return", output=form)
        return {form: answer}
    if answer is None:
        raise CheckFailed(f"{what} returned None: did you forget `return`?", slip="no return")
    if not isinstance(answer, list):
        raise CheckFailed(f"{what} returned {describe(answer)}, expected {len(form)} values: {form_text(form)}")
    if len(answer) != len(form):
        raise CheckFailed(f"{what} returned {len(answer)} values, expected {len(form)}: {form_text(form)}")
    named: dict[str, Any] = {}
    for item, part in zip(answer, form, strict=True):
        if isinstance(part, tuple):
            named.update(unpack(item, part, f"the part ({form_text(part)}) of {what}"))
        else:
            named[part] = item
    return named
