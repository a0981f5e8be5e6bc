"""Probes: the few lines that run beside the submission's code and return what one of its functions returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sanity.core.case import Case
from sanity.core.forms import Form, parse_axes, parse_form

Answers = Mapping[str, Any]
"""The outputs of one probe, by name: plain values, see `sanity.core.values.plain`."""
Script = Callable[[Case], str]
"""Spells a call of a probe as a Python script that a student can run."""


@dataclass(eq=False)
class Probe:
    """A call of the submission: how it is made, and what comes back. `probe` makes one of a function."""

    name: str
    """The function's name, unique in its assignment."""
    what: str
    """The submission's function that it calls, for messages: "encode()"."""
    form: Form
    """How the answer is nested, and the names of its parts."""
    axes: Mapping[str, str]
    """The axes of each output that is an array, see `sanity.core.explain`."""
    function: Callable[[Any, Case], Any]
    """Of the submission's modules and a case. Only the process with the submission calls it."""
    needs: tuple[str, ...] = ()
    """Libraries that the function imports, such as torch."""
    otherwise: Answers | None = None
    """What it answers of right submissions of another kind, which are then asked other things than the reference."""
    spell: Script | None = None

    def script(self, spell: Script) -> Script:
        """Decorate the function that spells a call as a script; not every probe has one."""
        self.spell = spell
        return spell


class Run(Protocol):
    """Runs a probe on the submission (`run`) or on the reference (`expect`)."""

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name; raise CheckFailed or CouldNotRun instead of anything else."""
        ...


def probe(
    returns: str, *, of: str, needs: tuple[str, ...] = (), otherwise: Answers | None = None
) -> Callable[[Callable[[Any, Case], Any]], Probe]:
    """Make a function of (code, case) a probe.

    It is imported where marks are given, too, and runs only beside the submission: so it imports where it runs what is
    not light.

    Args:
        returns: the form of the answer, see `parse_form`, in which arrays have their axes, see `parse_axes`.
        of: the submission's function that it calls, for messages.
        needs: libraries that it imports, so that one which is missing is not taken for the submission's mistake.
        otherwise: its outputs of right submissions of another kind, such as a model with one layer less.

    >>> @probe("gradient: V D, loss", of="step()")
    ... def step(code, case):
    ...     return code.word2vec.step(case.vectors.copy())
    >>> step.name, step.form, step.axes
    ('step', ('gradient', 'loss'), {'gradient': 'V D'})
    """

    def wrap(function: Callable[[Any, Case], Any]) -> Probe:
        return Probe(function.__name__, of, parse_form(returns), parse_axes(returns), function, needs, otherwise)

    return wrap
