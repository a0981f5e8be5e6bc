"""Checks: the vocabulary in which an assignment states what every correct answer does."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from sanity.core.case import Case, Cases
from sanity.core.compare import same, same_number
from sanity.core.forms import names_in
from sanity.core.probe import Probe, Run

Fit = Callable[[Run, Case], Case]
"""Fits a case to a submission: of its Run and a case."""


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
    """Its share of the question's points, relative to the question's other checks; 0 for a hint."""
    outputs: tuple[str, ...]
    """The outputs it proves, for the lines `… Sanity Checks Passed!`."""
    gradients: bool = False
    """True if it is about gradients, and so a part of `sanity_check.py gradients`."""
    rule: str = ""
    """The rule of a course that it enforces: then it is in force only where `assignment.toml` names that rule."""

    def __call__(self, run: Run, expect: Run, case: Case) -> None:
        """Return if the sentence holds for this case; raise CheckFailed or CouldNotRun if not."""
        if self.is_property:
            self.function(run, case)
        else:
            self.function(run, expect, case)


class Checks:
    """The checks of one question, in the order in which they are made.

    >>> check = Checks("1a")
    >>> @check(Cases(lambda seed, n: {"n": n}, {"n": (1, 3)}, "{n} words"))
    ... def keeps_every_word(run, case):
    ...     '''No word is lost.'''
    >>> [(one.name, one.sentence, one.is_property) for one in check.all]
    [('keeps_every_word', 'No word is lost.', True)]
    """

    def __init__(self, question: str) -> None:
        """Begin the checks of the question with this id."""
        self.question = question
        caller = sys._getframe(1)
        for value in caller.f_globals.values():
            if isinstance(value, Checks):  # whose name the second may take, so that its checks would vanish
                raise ValueError(f'this file has Checks("{value.question}") already: one question, one file')
        self.line = caller.f_lineno
        """Where in its file, for messages."""
        self.all: list[Check] = []

    def __call__(
        self,
        cases: Cases,
        *,
        weight: float = 1,
        outputs: tuple[str, ...] = (),
        gradients: bool = False,
        rule: str = "",
    ) -> Callable[[Callable[..., None]], Check]:
        """Make a function of (run, expect, case) a reference check, and one of (run, case) a property.

        Args:
            cases: the cases that it is called with.
            weight: its share of the question's points, relative to the question's other checks.
            outputs: the outputs that it proves right.
            gradients: whether it is about gradients.
            rule: the rule of a course that it enforces, if it is in force only where `assignment.toml` names that rule.

        The function's docstring is the sentence that students read.
        """

        def wrap(function: Callable[..., None]) -> Check:
            _require_positive(function.__name__, weight)
            names = tuple(inspect.signature(function).parameters)
            if names not in (("run", "case"), ("run", "expect", "case")):
                raise ValueError(f"{function.__name__}(): expected the arguments run, case or run, expect, case")
            sentence = inspect.cleandoc(function.__doc__ or "")
            return self._add(function, function.__name__, sentence, cases, weight, outputs, gradients, rule)

        return wrap

    def hint(self, cases: Cases) -> Callable[[Callable[[Run, Case], None]], Check]:
        """Make a function of (run, case) a hint, for a point of style: worth nothing, and never a failure.

        What it raises is told to who passes otherwise. Its cases should be those of a check that counts, since a
        submission that raises an exception could not run here either.
        """

        def wrap(function: Callable[[Run, Case], None]) -> Check:
            if tuple(inspect.signature(function).parameters) != ("run", "case"):
                raise ValueError(f"{function.__name__}(): expected the arguments run, case: a hint is a property")
            return self._add(function, function.__name__, inspect.cleandoc(function.__doc__ or ""), cases, 0, (), False)

        return wrap

    def compares(
        self,
        probe: Probe,
        cases: Cases,
        output: str,
        *,
        says: str,
        weight: float = 1,
        gradients: bool = False,
        fit: Fit = lambda run, case: case,
        name: str = "",
    ) -> None:
        """Add the reference check that one output of a probe is the reference's.

        Args:
            probe: what is called.
            cases: the cases that it is called with.
            output: the name of the output: an array if the probe names its axes, and else a single number.
            says: the sentence that students read.
            weight: its share of the question's points, relative to the question's other checks.
            gradients: whether it is about gradients.
            fit: for cases that depend on the submission.
            name: the check's name; by default those of the probe and of the output.
        """
        if output not in names_in(probe.form):
            raise ValueError(f"{probe.name} has no output {output!r}: choose from {', '.join(names_in(probe.form))}")

        def compare(run: Run, expect: Run, case: Case) -> None:
            case = fit(run, case)
            got, want = run(probe, case), expect(probe, case)
            if output in probe.axes:
                same(got, want, probe.axes, only=(output,))
            else:
                same_number(got, want, output)

        parts = (probe.name,) if output == probe.name else (probe.name, output)
        name = name or re.sub(r"\W+", "_", "_".join(parts)).strip("_")
        _require_positive(name, weight)
        self._add(compare, name, says, cases, weight, (output,), gradients)

    def _add(
        self,
        function: Callable[..., None],
        name: str,
        sentence: str,
        cases: Cases,
        weight: float,
        outputs: tuple[str, ...],
        gradients: bool,
        rule: str = "",
    ) -> Check:
        if not sentence:
            raise ValueError(f"{name} has no docstring, or nothing in says=: students read that sentence")
        is_property = "expect" not in inspect.signature(function).parameters
        self.all.append(
            Check(self.question, name, sentence, cases, function, is_property, weight, outputs, gradients, rule)
        )
        return self.all[-1]


def _require_positive(name: str, weight: float) -> None:
    if not weight > 0:
        raise ValueError(f"{name}: weight={weight}: expected a number above 0, or @check.hint for a point of style")
