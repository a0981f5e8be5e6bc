"""Forms: how the value that a probe returns is nested, and the names of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sanity.core.errors import CheckFailed
from sanity.core.values import describe, size_text

Form = str | tuple["Form", ...]
"""The name of one output, or a tuple of forms."""


def parse_form(text: str) -> Form:
    """Read a form into nested tuples of names; axes, see `parse_axes`, are left out.

    >>> parse_form("enc_hiddens, (h_0, c_0)")
    ('enc_hiddens', ('h_0', 'c_0'))
    >>> parse_form("outside words asked for")
    'outside words asked for'
    >>> parse_form("loss, gradient: V D")
    ('loss', 'gradient')
    """
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
            yield token.partition(":")[0].strip()


def parse_axes(text: str) -> dict[str, str]:
    """Read a form whose parts name their axes after a colon; return the axes by name, and the parts without any.

    >>> parse_axes("enc_hiddens: b src_len 2h, (h_0: b h, c_0: b h), loss")
    {'enc_hiddens': 'b src_len 2h', 'h_0': 'b h', 'c_0': 'b h'}
    """
    parts = (part.partition(":") for part in re.split(r"[(),]", text))
    return {name.strip(): axes.strip() for name, colon, axes in parts if colon}


def names_in(form: Form) -> tuple[str, ...]:
    """Return the names of all parts of a form.

    >>> names_in(parse_form("enc_hiddens, (h_0, c_0)"))
    ('enc_hiddens', 'h_0', 'c_0')
    """
    return (form,) if isinstance(form, str) else tuple(name for part in form for name in names_in(part))


def form_text(form: Form) -> str:
    """Spell a form as Python would: the inverse of `parse_form`."""
    if isinstance(form, str):
        return form
    return ", ".join(f"({form_text(part)})" if isinstance(part, tuple) else part for part in form)


def unpack(answer: Any, form: Form, what: str) -> dict[str, Any]:
    """Return the parts of a plain answer by name.

    Args:
        answer: what `sanity.core.values.plain` made of the returned value.
        form: how it should be nested.
        what: the function's name in messages, such as "encode()".

    Raises:
        CheckFailed: the answer does not have the form.

    >>> unpack([1, [2, 3]], parse_form("loss, (h, c)"), "step()")
    {'loss': 1, 'h': 2, 'c': 3}
    >>> unpack([1, 2, 3], parse_form("loss, (h, c)"), "step()")
    Traceback (most recent call last):
    sanity.core.errors.CheckFailed: step() returned 3 values, expected 2: loss, (h, c)
    """
    nothing = f"{what} returns nothing"
    if isinstance(form, str):
        if answer is None:
            raise CheckFailed(f"{what} returned None: did you forget `return`?", diagnosis=nothing, output=form)
        return {form: answer}
    if answer is None:
        raise CheckFailed(f"{what} returned None: did you forget `return`?", diagnosis=nothing)
    if not isinstance(answer, list):
        raise CheckFailed(f"{what} returned {describe(answer)}, expected {len(form)} values: {form_text(form)}")
    if len(answer) != len(form):
        raise CheckFailed(f"{what} returned {size_text(len(answer))} values, expected {len(form)}: {form_text(form)}")
    named: dict[str, Any] = {}
    for item, part in zip(answer, form, strict=True):
        if isinstance(part, tuple):
            named.update(unpack(item, part, f"the part ({form_text(part)}) of {what}"))
        else:
            named[part] = item
    return named
