"""--feedback: levels for all questions and for single ones, in place of what assignment.toml says."""

from __future__ import annotations

import pytest

from graders.cli.options import LEVELS
from graders.course.assignment import load_assignment
from graders.errors import OptionError
from graders.grading.dial import dial_now
from sanity.core.feedback import GRADED, Dial, Level
from sanity.core.manifest import ManifestError

MANIFEST = load_assignment("a4").manifest


@pytest.mark.parametrize(
    ("option", "dial"),
    [
        ("", Dial(default=GRADED)),
        ("sentence", Dial(default=Level.SENTENCE)),
        ("1d=diagnosis", Dial({"1d": Level.DIAGNOSIS}, GRADED)),
        (" sentence , 1d = diagnosis,1e=counterexample", Dial({"1d": Level.DIAGNOSIS, "1e": Level.COUNTEREXAMPLE},
                                                              Level.SENTENCE)),
        ("1d=diagnosis,sentence", Dial({"1d": Level.DIAGNOSIS}, Level.SENTENCE)),
    ],
)  # fmt: skip
def test_levels(option: str, dial: Dial) -> None:
    assert dial_now(MANIFEST, option) == dial


def test_what_is_no_level_or_no_question_is_one_line() -> None:
    with pytest.raises(OptionError) as error:
        dial_now(MANIFEST, "1d=loud")
    assert str(error.value) == (
        "--feedback 1d=loud: 'loud' is no level: expected sentence, diagnosis, location, counterexample, or 1d=LEVEL "
        "for one question"
    )
    with pytest.raises(ManifestError, match="a4 has no question '9z'"):
        dial_now(MANIFEST, "9z=sentence")


def test_help_lists_the_levels() -> None:
    assert list(LEVELS) == list(Level)
