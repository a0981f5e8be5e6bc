"""Question 4i: examples of span corruption are judged by laws, which right ones hardly ever break."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from sanity.a5.corruption import DRAWS, LEAST, LONG, MASK, MIXED, PAD, SHARES, corrupted, examples, taken_apart
from sanity.core.assignment_package import load_checks
from sanity.core.case import Case
from sanity.core.errors import CheckFailed
from sanity.core.judge import attempt
from sanity.core.probe import Answers, Probe

CHECKS = [check for check in load_checks("a5") if check.question == "4i"]
DOCUMENT = "the rain in spain stays mainly in the plain"


class Reference:
    """A Run of the reference in this process."""

    def __init__(self) -> None:
        from importlib.util import module_from_spec, spec_from_file_location
        from types import SimpleNamespace

        from graders.course.assignment import load_assignment

        spec = spec_from_file_location("a5_dataset", load_assignment("a5").solutions / "dataset.py")
        assert spec and spec.loader
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        self.code = SimpleNamespace(dataset=module)

    def __call__(self, probe: Probe, case: Case) -> Answers:
        return dict(zip(("inputs", "outputs", "types", "numbers"), probe.function(self.code, case), strict=True))


@pytest.mark.slow
def test_the_reference_passes_for_any_seed() -> None:
    run = Reference()
    for family, count in ((LONG, 200), (MIXED, 20)):
        own = [check for check in CHECKS if check.cases is family]
        for case in family.drawn_cases(1, count):
            answered = again(run(corrupted, case))
            assert own and not [check.name for check in own if attempt(check, answered, answered, case)]


def again(answers: Answers) -> Callable[[Probe, Case], Answers]:
    return lambda probe, case: answers


def test_a_right_dataset_hardly_ever_fails() -> None:
    """Bounds for the reference: each draw's length is any of 4 to 28 alike, and its middle any of 0 to half of it."""
    block = LONG.ranges["block"][0]
    lengths = range(LEAST, int(block * 7 / 8) + 1)
    left_out = 4 * (1 - 5 / len(lengths)) ** DRAWS + (1 - 4 / len(lengths)) ** DRAWS
    # Bernstein's inequality for the share: each middle differs from a quarter of its length by at most a quarter.
    mean = sum(lengths) / len(lengths)
    variance = sum((n // 2 + 1) ** 2 / 12 for n in lengths) / len(lengths)
    t = (0.25 - SHARES[0]) * mean * DRAWS
    share = 2 * math.exp(-(t**2) / 2 / (DRAWS * variance + max(lengths) / 4 * t / 3))
    assert left_out + share < 1e-7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PAD}the{MASK} in{MASK} rain", "padding stands before the text: it should stand after it"),
        (f"the{MASK} in{PAD}{MASK} rain", "padding stands inside the text: it should stand at its end"),
        ("the rain in", ""),
        (f"the{MASK} in rain{PAD}", "the second mask is missing, or the part after it"),
        (f"the{MASK} in{MASK} {MASK}rain", "a mask stands inside the part that was taken out"),
        (
            f"the{MASK} in{MASK} rain{MASK}{MASK}",
            "examples are filled up with masks: padding has a character of its own",
        ),
        (f"the{MASK * 5} in{MASK} rain", "several masks stand in a row: one should stand for all that is taken out"),
        (
            f"the{MASK} rain{MASK} in",
            "the middle stands between the masks and the suffix after them: it is the other way round",
        ),
        (f"the{MASK} rain in{MASK} rain", "the part taken out is not removed from where it was"),
        (f"the{MASK} in{MASK} snow", ""),
    ],
)
def test_what_is_wrong_with_an_example_is_named(text: str, said: str) -> None:
    with pytest.raises(CheckFailed) as raised:
        taken_apart(DOCUMENT, text)
    assert raised.value.diagnosis == said


@pytest.mark.parametrize(
    "text",
    [
        f"the{MASK} in{MASK} rain{PAD}{PAD}",
        f"the{MASK} in{MASK} rain{MASK}{PAD}",
        f"{MASK}the rain{MASK}",
        f"the rain{MASK}{MASK}",
        f"{MASK} rain{MASK}the",
    ],
)
def test_a_right_example_is_taken_apart(text: str) -> None:
    example = taken_apart(DOCUMENT, text)
    assert DOCUMENT.startswith(example.prefix + example.middle + example.suffix)


@pytest.mark.parametrize("answers", [{"inputs": [], "outputs": [], "types": [], "numbers": 3}])
def test_an_answer_of_another_kind_is_no_traceback(answers: dict[str, Any]) -> None:
    with pytest.raises(CheckFailed):
        list(examples(again(answers), MIXED.case()))
