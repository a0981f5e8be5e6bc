"""What each level tells of a verdict, on hidden cases and at home; which level holds when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanity.core.assignment_package import checks_of
from sanity.core.assignment_toml import read_manifest
from sanity.core.errors import NOT_IMPLEMENTED
from sanity.core.feedback import AT_HOME, GRADED, Dial, Feedback, Level, told
from sanity.core.manifest import Manifest
from sanity.core.verdict import Outcome, Verdict
from tests.sanity.core.test_manifest import GOOD, written

ASSIGNMENTS = Path(__file__).parents[3] / "assignments"
WRONG = Verdict(
    "1a", "adds", "It adds.", Outcome.FAILED, 1, is_property=False, message="x has shape (b=2)", diagnosis="off by one",
    hint="count again", case="2 words: the, cat", outline="2 words", detail="got 1, expected 2",
)  # fmt: skip
CRASHED = replace(WRONG, outcome=Outcome.COULD_NOT_RUN, message="add() raised ValueError in utils.py, line 3", case="")
LEVELS = st.sampled_from(Level)


def parts(verdict: Verdict) -> set[str]:
    found = {verdict.message, verdict.diagnosis, verdict.hint, verdict.case, verdict.detail, verdict.outline}
    return found - {""}


@pytest.mark.parametrize(
    ("level", "hidden", "home"),
    [
        (Level.SENTENCE, set(), set()),
        (Level.DIAGNOSIS, {"off by one", "count again"}, {"off by one", "count again"}),
        (Level.LOCATION, *[{"off by one", "count again", "x has shape (b=2)"}] * 2),
        (
            Level.COUNTEREXAMPLE,
            {"off by one", "count again", "x has shape (b=2)", "2 words"},
            {"off by one", "count again", "x has shape (b=2)", "2 words: the, cat", "got 1, expected 2"},
        ),
    ],
)
def test_each_level_tells_more(level: Level, hidden: set[str], home: set[str]) -> None:
    assert parts(told(WRONG, level)) == hidden
    assert parts(told(WRONG, level, hidden=False)) == home
    assert (told(WRONG, level).sentence, told(WRONG, level).outcome) == ("It adds.", Outcome.FAILED)


def test_where_a_crash_happened_is_its_location() -> None:
    assert told(CRASHED, Level.DIAGNOSIS, hidden=False).message == told(CRASHED, Level.DIAGNOSIS).detail == ""
    assert told(CRASHED, Level.LOCATION, hidden=False).detail == CRASHED.detail
    assert parts(told(CRASHED, Level.COUNTEREXAMPLE)) == {"off by one", "count again", CRASHED.message}


@given(LEVELS)
def test_what_no_case_has_shown_is_always_told(level: Level) -> None:
    missing = replace(CRASHED, message="utils.py is missing from the submission", outline="")
    unwritten = replace(CRASHED, message=NOT_IMPLEMENTED)
    assert [told(verdict, level).message for verdict in (missing, unwritten)] == [missing.message, NOT_IMPLEMENTED]


@given(LEVELS, LEVELS, st.booleans())
def test_a_dial_turned_twice_tells_what_the_lower_level_tells(one: Level, two: Level, home: bool) -> None:
    low = min(one, two, key=list(Level).index)
    twice = told(replace(told(WRONG, one, hidden=not home), outline=WRONG.outline), two, hidden=not home)
    assert parts(twice) == parts(told(WRONG, low, hidden=not home))


NIGHT = datetime(2026, 11, 20, 23, 59, tzinfo=timezone(timedelta(hours=1)))


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)), st.integers(-12, 14))
def test_the_level_changes_at_its_date_in_any_time_zone(later: timedelta, offset: int) -> None:
    feedback = Feedback("sentence", NIGHT, "counterexample")
    now = (NIGHT + later).astimezone(timezone(timedelta(hours=offset)))
    assert feedback.level_at(now) is (Level.COUNTEREXAMPLE if later >= timedelta(0) else Level.SENTENCE)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    table = '[feedback]\nlevel = "sentence"\nuntil = 2026-11-20T23:59:00+01:00\nthen = "counterexample"\n[limits]'
    own = 'needs = ["1a"]\nfeedback = {level = "diagnosis", visibility = "after_published"}'
    return read_manifest(written(tmp_path, GOOD.replace("[limits]", table).replace('needs = ["1a"]', own)))


def test_a_question_has_its_own_or_that_of_the_assignment(manifest: Manifest) -> None:
    before, after = (manifest.dial(NIGHT + timedelta(minutes=m), GRADED) for m in (-1, 1))
    assert [before.level(id) for id in ("1a", "1b", "1h")] == [Level.SENTENCE, Level.DIAGNOSIS, Level.SENTENCE]
    assert [after.level(id) for id in ("1a", "1b")] == [Level.COUNTEREXAMPLE, Level.DIAGNOSIS]
    assert before.visibility == {"1a": "visible", "1b": "after_published"}
    assert before.told(WRONG).message == "" and after.told(WRONG).case == "2 words"


@pytest.mark.parametrize("default", [GRADED, AT_HOME])
def test_without_a_table_the_reader_decides(default: Level, tmp_path: Path) -> None:
    assert read_manifest(written(tmp_path, GOOD)).dial(datetime.now(UTC), default) == Dial(default=default)


@pytest.mark.parametrize("name", ["a1", "a2", "a3", "a4"])
def test_no_outline_holds_anything_that_follows_from_a_seed(name: str) -> None:
    """Of no check: sizes and shapes alone. Drawn heads, transitions and probabilities are left out."""
    for cases in {check.cases for check in checks_of(read_manifest(ASSIGNMENTS / name))}:
        for corner in cases.corners or ({},):
            one, two = (cases.case(**{**corner, "seed": seed}) for seed in (424_242, 8_675_309))
            assert cases.outline(one) == cases.outline(two)
            if one.words == cases.case(**{**corner, "seed": 1}).words == two.words:
                assert cases.outline(one) == one.words
            else:
                assert "…" in cases.outline(one)
            assert "424242" not in cases.outline(one)
