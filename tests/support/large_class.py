"""A large class made from a seed: names as platforms give them, and mistakes that some students share."""

from __future__ import annotations

import random
from collections.abc import Iterator

from graders.records.result import QuestionResult, Result, Signature
from graders.records.scoring import earned, total
from sanity.core.difference import Difference
from sanity.core.verdict import Outcome, Verdict

SYLLABLES = ("ba", "den", "fo", "gri", "ha", "kim", "lu", "mar", "no", "pe", "ro", "san", "te", "wil")
CHECKS = 4
MISTAKES = 6
"""Of each question."""


def large_class(size: int, questions: int, seed: int = 0) -> list[Result]:
    """Return results, sorted by name; a student's strength decides what is right."""
    dice = random.Random(seed)
    return sorted((_result(dice, place, questions) for place in range(size)), key=lambda result: result.submission)


def _result(dice: random.Random, place: int, questions: int) -> Result:
    name = "-".join("".join(dice.choices(SYLLABLES, k=3)) for _ in range(2)) + f"-{place:05}"
    strength = dice.gauss(1.4, 1)
    return Result(
        assignment="a9",
        title="A large assignment",
        submission=name,
        digest=f"{place:064x}",
        questions=tuple(_question(dice, number, strength) for number in range(questions)),
        signature=Signature(7, "sandlock", "abc", {"python": "3.11.7"}),
        graded_at="2025-01-31T12:00:00+00:00",
        seconds=round(dice.lognormvariate(0.5, 0.6), 3),
    )


def _question(dice: random.Random, number: int, strength: float) -> QuestionResult:
    id = f"{number // 6 + 1}{'abcdef'[number % 6]}"
    right = dice.gauss(strength, 0.7) > number / 12
    verdicts = tuple(_verdicts(dice, id, right))
    return QuestionResult(id, f"Question {id}", total(earned(verdicts, 5)), 5, verdicts)


def _verdicts(dice: random.Random, id: str, right: bool) -> Iterator[Verdict]:
    mistake = dice.randrange(MISTAKES)
    for check in range(CHECKS):
        sentence = f"Question {id} is answered as the {check + 1}. check wants it."
        if right or dice.random() < 0.3:
            yield Verdict(id, f"check_{id}_{check}", sentence, Outcome.PASSED, 1, is_property=False)
            continue
        rows = tuple(tuple(round(dice.gauss(0, 1), 2) for _ in range(5)) for _ in range(3))
        yield Verdict(
            id, f"check_{id}_{check}", sentence, Outcome.FAILED, 1, is_property=False,
            message="output has the right shape (b=3, h=5) but 15 of 15 values are wrong, the first at [b=0, h=0]",
            diagnosis=f"mistake number {mistake + 1} of those that are known of {id}",
            case="3 sentences of up to 4 words, h = 5", outline="3 sentences of up to 4 words, h = 5",
            detail="got 0.123456 there, expected 0.654321; largest difference 2.345",
            script="import numpy as np\n\n" + "x = np.zeros((3, 5))\n" * 20,
            difference=Difference("output[:, :]", ("b", "h"), rows),
        )  # fmt: skip
