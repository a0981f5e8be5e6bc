"""Calls as scripts that a student can run: one call, what it answers, and what small steps measure."""

from __future__ import annotations

from sanity.core.case import Case
from sanity.gradients.snippet import assign


def assigned(case: Case, *names: str) -> str:
    """Spell some values of a case."""
    return "".join(assign(name, case.values[name]) for name in names)


def loss_script(call: str, values: str, gradients: dict[str, str], also: str = "") -> str:
    """Spell a call that returns a loss and two gradients, and what small steps measure."""
    (first, by_first), (second, by_second) = gradients.items()
    module = call.partition(".")[0]
    return f"""\
import numpy as np
import {module}

{also}from sanity.gradients import numeric_gradient

{values}

def answer({first}, {second}):
    return {call}


loss, {by_first}, {by_second} = answer({first}.copy(), {second}.copy())
print("the loss:", loss)
print("{by_first}:", {by_first}, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer(x, {second}.copy())[0], {first}), sep="\\n")
print("{by_second}:", {by_second}, sep="\\n")
print("the slope of the loss:", numeric_gradient(lambda x: answer({first}.copy(), x)[0], {second}), sep="\\n")
"""
