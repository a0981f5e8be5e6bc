"""Probes and checks: the vocabulary in which an assignment states what every correct answer does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sanity.core.case import Case, Cases
from sanity.core.forms import Form, parse_form

Answers = Mapping[str, Any]
"""The outputs of one probe, by name: plain values, see `sanity.core.values.plain`."""


@dataclass(frozen=True)
class Probe:
    """A few lines that run beside the submission's code and return what one of its functions returned.

    Checks hold this description; the lines themselves are the function called name in the assignment's `probes`
    module, which only the process with the submission imports.
    """

    name: str
    what: str
    """The function that it calls, for messages: "encode()"."""
    form: Form
    """How the answer is nested, and the names of its parts."""


class Run(Protocol):
    """Runs a probe on the submission (`run`) or on the reference (`expect`)."""

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name; raise CheckFailed or CouldNotRun instead of anything else."""
        ...


@dataclass(frozen=True, eq=False)
class Check:
    """A sentence about one question that is true of every correct submission."""

    question: str
    name: str
    sentence: str
    cases: Cases
    function: Callable[..., None]
    is_property: bool
    """True of a property, which needs no reference; a reference check compares with one."""
    weight: float
    outputs: tuple[str, ...]
    """The outputs it proves, for the lines `… Sanity Checks Passed!`."""
    gradients: bool = False
    """True if it is about gradients, and so a part of `sanity_check.py gradients`."""

    def __call__(self, run: Run, expect: Run, case: Case) -> None:
        """Return if the sentence holds for this case; raise CheckFailed or CouldNotRun if not."""
        if self.is_property:
            self.function(run, case)
        else:
            self.function(run, expect, case)


def probe(name: str, what: str, returns: str) -> Probe:
    """Describe a probe.

    Args:
        name: of its function in the assignment's `probes` module.
        what: the submission's function that it calls, for messages.
        returns: the form of the answer, see `parse_form`.

    >>> probe("encode", "encode()", "enc_hiddens, (h_0, c_0)").form
    ('enc_hiddens', ('h_0', 'c_0'))
    """
    return Probe(name, what, parse_form(returns))


def check(
    question: str, cases: Cases, weight: float = 1, outputs: tuple[str, ...] = (), gradients: bool = False
) -> Callable[[Callable[..., None]], Check]:
    """Make a function of (run, expect, case) a reference check, and one of (run, case) a property.

    Args:
        question: whose points it earns.
        cases: the cases that it is called with.
        weight: its share of the question's points, relative to the question's other checks.
        outputs: the outputs that it proves right.
        gradients: whether it is about gradients.

    The function's docstring is the sentence that students read.
    """

    def wrap(function: Callable[..., None]) -> Check:
        is_property = "expect" not in inspect.signature(function).parameters
        sentence = inspect.cleandoc(function.__doc__ or "")
        return Check(question, function.__name__, sentence, cases, function, is_property, weight, outputs, gradients)

    return wrap
