"""Cases: the inputs of one call, made from a few integers so that they can be drawn, shrunk and described."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np

from sanity.core.errors import UserError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Numbers = Mapping[str, int]
"""The integers that a case is made from: sizes, switches (0 or 1) and a seed."""
OTHER_SEEDS = 4
"""What is the same for so many seeds follows from the sizes alone."""
LEFT_OUT = "…"
"""Stands in an outline for what follows from the seed."""


@dataclass(frozen=True, eq=False)
class Case:
    """Plain inputs by name: arrays, numbers, strings, and lists and dicts of those. They are read as attributes.

    >>> case = Case("one number", {"x": 2.5})
    >>> case.x
    2.5
    """

    words: str
    """The case as a student reads it: "2 sentences of up to 3 words, e = 4, h = 2"."""
    values: Mapping[str, Any]
    origin: tuple[str, Mapping[str, Any]] | None = None
    """What the values follow from: the function that made them and its numbers, or another case and what changed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "values":  # asked of a copy that has no values yet
            raise AttributeError(name)
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(f"the case has no {name!r}, only {', '.join(self.values)}") from None

    def having(self, **changes: Any) -> Case:
        """Return this case with some values replaced or added.

        >>> Case("one number", {"x": 2.5}).having(x=3, k=1).values
        {'x': 3, 'k': 1}
        """
        return Case(self.words, {**self.values, **changes}, (self.digest, changes))

    @cached_property
    def digest(self) -> str:
        """A name for the values: cases made alike share it, cases with different values never do.

        Taken from the origin where there is one: a matrix product differs in its last bits from processor to
        processor, and a recording made on one must be found on all.
        """
        parts: list[bytes] = []
        _spell(self.origin or self.values, parts)
        return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def _spell(value: Any, parts: list[bytes]) -> None:
    """Append a plain value, spelt as bytes, distinct for distinct values.

    To a list, and with cached headers: a grading computes a hundred digests a submission.
    """
    if isinstance(value, np.ndarray):
        parts += _array_head(value.dtype, value.shape), value.tobytes()
    elif isinstance(value, Mapping):
        parts.append(_sized(f"d{len(value)}"))
        for key in sorted(value):
            parts.append(_sized(repr(key)))
            _spell(value[key], parts)
    elif isinstance(value, list | tuple):
        parts.append(_sized(f"l{len(value)}"))
        for item in value:
            _spell(item, parts)
    else:
        parts.append(_sized(repr(value)))


@lru_cache(1024)
def _array_head(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """Spell what comes before an array's bytes: its dtype and shape, and how many bytes there are."""
    return _sized(f"a{dtype.str}{shape}") + b"%d:" % (math.prod(shape) * dtype.itemsize)


def _sized(text: str) -> bytes:
    """Spell a text with its length before it, else [1, 23] and [12, 3] would read alike."""
    part = text.encode()
    return b"%d:%b" % (len(part), part)


def _counted(words: str) -> str:
    """Return words in which one is singular: 1 sentence, 2 sentences."""
    return re.sub(r"\b1 (\w+)s\b", r"1 \1", words)


class CaseError(UserError):
    """A family's function cannot make a case of some numbers; the message is one line."""


@dataclass(frozen=True, eq=False)
class Cases:
    """A family of cases: what makes one, and the numbers it is made from."""

    make: Callable[..., Mapping[str, Any]]
    """Maps numbers, by keyword, to values; the same numbers give the same values."""
    ranges: Mapping[str, tuple[int, int]]
    """The smallest and largest value of each number but the seed. Cases shrink towards the smallest."""
    words: str
    """A format string over the numbers and the values made from them."""
    corners: tuple[Numbers, ...] = field(default=())
    """Numbers of cases for every run, before any that are drawn; those left out take their smallest value."""
    drawn: int = 3
    """How many cases the grader draws in addition to the corners; fewer if a case is slow or all are alike."""

    def case(self, **numbers: int) -> Case:
        """Make the case of these numbers; those left out take their smallest value, and the seed 0.

        Raise CaseError if the family's function raises, or its words name what is not there.

        >>> pairs = Cases(lambda seed, n: {"x": [seed] * n}, {"n": (1, 5)}, "{n} numbers")
        >>> pairs.case(n=3).words, pairs.case(n=3, seed=7).x
        ('3 numbers', [7, 7, 7])
        >>> pairs.case().words
        '1 number'
        """
        full = {"seed": 0, **{name: low for name, (low, _) in self.ranges.items()}, **numbers}
        try:
            values = self.make(**full)
            words = self.words.format(**{**values, **full})
        except Exception as error:
            given = ", ".join(f"{name}={number}" for name, number in full.items())
            raise CaseError(f"{self.name}({given}) or its words: {type(error).__name__}: {error}") from error
        return Case(_counted(words), values, (self.name, full))

    def outline(self, case: Case) -> str:
        """Return a case's words without what follows from its seed, so that they hold no value of a hidden case.

        They are made from other cases of its sizes: its own seed and values are not looked at.

        >>> pairs = Cases(lambda seed, n: {"x": [seed] * n}, {"n": (1, 5)}, "{n} numbers, the first {x[0]}")
        >>> pairs.outline(pairs.case(n=3, seed=7))
        '3 numbers, the first …'
        """
        maker, numbers = case.origin or ("", {})
        if maker != self.name:
            return LEFT_OUT
        return self._outlines(tuple(sorted((name, number) for name, number in numbers.items() if name != "seed")))

    @lru_cache(256)  # noqa: B019 - families live as long as the process, and a class fails on the same sizes
    def _outlines(self, sizes: tuple[tuple[str, int], ...]) -> str:
        numbers = [{**dict(sizes), "seed": seed} for seed in range(OTHER_SEEDS)]
        made = [{**self.make(**each), **each} for each in numbers]

        def parts() -> Iterator[str]:
            for literal, name, form, conversion in Formatter().parse(self.words):
                yield literal
                if name is not None:
                    spelt = f"{{{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}}}"
                    texts = {spelt.format(**values) for values in made}
                    yield texts.pop() if len(texts) == 1 else LEFT_OUT

        return _counted("".join(parts()))

    @property
    def name(self) -> str:
        """The dotted name of the function that makes the cases."""
        return f"{self.make.__module__}.{self.make.__qualname__}"

    def corner_cases(self, seed: int) -> list[Case]:
        """Make the corners, with seeds that follow from seed."""
        seeds = np.random.default_rng(seed).integers(2**31, size=len(self.corners))
        return [self.case(seed=int(s), **corner) for s, corner in zip(seeds, self.corners, strict=True)]

    def drawn_cases(self, seed: int, count: int) -> list[Case]:
        """Draw cases that follow from seed: first the smallest sizes, then any.

        Not by Hypothesis, whose draws for one seed depend on which modules happen to be imported.
        """
        rng = np.random.default_rng((seed, 1))  # another stream than that of the corners' seeds
        cases = [self.case(seed=int(rng.integers(2**31)))]
        for _ in range(count - 1):
            sizes = {name: int(rng.integers(low, high + 1)) for name, (low, high) in self.ranges.items()}
            cases.append(self.case(**sizes, seed=int(rng.integers(2**31))))
        return cases[:count]

    def few(self) -> Cases:
        """Return a family with fewer cases, for properties that measure slopes, with some hundred calls each."""
        return replace(self, corners=self.corners[:2], drawn=1)

    def strategy(self) -> SearchStrategy[Case]:
        """Return the Hypothesis strategy that draws one case and shrinks it to the smallest numbers."""
        from hypothesis import strategies as st

        numbers = {name: st.integers(low, high) for name, (low, high) in self.ranges.items()}
        return st.fixed_dictionaries({**numbers, "seed": st.integers(0, 2**31 - 1)}).map(
            lambda drawn: self.case(**drawn)
        )
