"""Planted bugs fail, for the right reason: each assignment's, put to the fixed cases of its checks for real.

Among the fast tests is the first bug of each question; those of all bugs are slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from graders.course.assignment import load_assignment
from graders.course.planted import load_bugs
from graders.course.planted.process_run import run_in_process
from sanity.core.assignment_package import load_checks
from sanity.core.check import Check
from sanity.core.errors import CheckFailed
from sanity.core.judge import CachedRun
from sanity.core.recordings import diagnose
from tests.support.planted import ASSIGNMENTS, BUGS, problems, recordings

FIRST = {(name, bug.question): bug.id for (name, _), bug in reversed(BUGS.items())}
"""The first bug of each question."""
EACH_BUG = [
    pytest.param(*key, id="-".join(key), marks=() if FIRST[key[0], bug.question] == key[1] else pytest.mark.slow)
    for key, bug in BUGS.items()
]
PROPERTIES = [
    pytest.param(name, c, id=f"{name}-{c.name}")
    for name in ASSIGNMENTS
    for c in load_checks(name)
    if c.is_property and c.weight
]
DEGENERATE = {
    ("a1", "lonely-words-left-out"): {"counts_words_without_neighbours"},
    ("a1", "one-word-unlabelled"): {"draws_a_single_word"},
    ("a2", "window-of-nothing"): {"an_empty_window_adds_nothing"},
    ("a2", "batch-squeezed"): {"a_batch_may_hold_one"},
    ("a2", "keep-arrays-only"): {"keeps_a_single_word"},
    ("a3", "entropy-one-squeezed"): {"a_minibatch_may_hold_one"},
    ("a3", "removed-by-value"): {"tells_repeated_words_apart"},
    ("a3", "short-sentences-dropped"): {"parses_sentences_of_one_word"},
    ("a4", "pads-only-full-sentences"): {"pads_empty_sentences"},
    ("a4", "squeezes-the-hiddens"): {"encodes_where_a_size_is_one"},
    ("a4", "squeezes-the-outputs"): {"decodes_where_a_size_is_one"},
    ("a4", "squeezes-the-word"): {"decodes_where_a_size_is_one"},
    ("a4", "squeezes-the-scores"): {"steps_where_a_size_is_one"},
    ("a4", "squeezes-the-parts"): {"steps_where_a_size_is_one"},
    ("a5", "broken-characters-raise"): {"replaces_what_is_no_text"},
    ("a5", "loss-of-nothing"): {"masked_loss_of_none"},
    ("a5", "output-squeezed"): {"attends_where_a_size_is_one"},
    ("a5", "logits-squeezed"): {"reads_where_a_size_is_one"},
    ("a5", "tokens-squeezed"): {"continues_where_a_size_is_one"},
    ("a5", "logits-squeezed-by-loss"): {"takes_one_sequence"},
    ("a5", "softmax-squeezed"): {"a_single_number_is_sure"},
    ("a5", "entropy-keeps-axis"): {"takes_a_single_distribution"},
    ("a5", "masked-row-nan"): {"a_row_may_be_masked_whole"},
    ("a5", "hard-squeezed"): {"one_draw_is_a_list_of_one"},
    ("a5", "weights-overflow"): {"weights_of_large_scores"},
    ("a5", "distance-overflow"): {"identity_distance_of_long_vectors"},
    ("a5", "gru-squeezed"): {"a_gru_takes_one_example"},
    ("a5", "lstm-squeezed"): {"an_lstm_takes_one_example"},
    ("a5", "model-squeezed"): {"models_a_single_word"},
    ("a5", "clip-zeros"): {"leaves_zeros"},
    ("a5", "generate-single-word-twice"): {"continues_a_single_word"},
    ("a5", "batch-norm-squeezed"): {"evaluates_an_example_alone"},
    ("a5", "highway-squeezed"): {"goes_around_for_one_example"},
    ("a5", "smoothing-squeezed"): {"smooths_a_single_word"},
    ("a5", "causal-squeezed"): {"causal_attention_takes_one_position"},
    ("a5", "heads-squeezed"): {"heads_take_one_position"},
    ("a5", "paths-of-one"): {"one_position_has_no_path"},
}
"""Bugs that show only where a size is one or nothing is there, with the one check that they fail."""


@dataclass(frozen=True)
class Found:
    """What the checks of its question find of a planted bug."""

    failed: set[str]
    """The checks that it does not pass."""
    broken: set[str]
    """Those of them that fail, rather than not run."""
    read: list[str]
    """The diagnosis of each of these, properties aside."""


@cache
def found(assignment: str, id: str) -> Found:
    bug = BUGS[assignment, id]
    known = recordings(assignment)
    own = [check for check in load_checks(assignment) if check.question == bug.question and check.weight]
    with run_in_process(load_assignment(assignment), bug.files) as child:
        run = CachedRun(child)
        all_problems = {check: problems(check, run, known.expect) for check in own}
        broken = [c for c in own if any(isinstance(problem, CheckFailed) for problem in all_problems[c])]
        read = [diagnose(check, run, known) for check in broken if not check.is_property]
    return Found({check.name for check in own if all_problems[check]}, {check.name for check in broken}, read)


@pytest.mark.parametrize(("assignment", "bug"), EACH_BUG)
def test_a_bug_fails_its_question(assignment: str, bug: str) -> None:
    assert found(assignment, bug).failed


@pytest.mark.slow
@pytest.mark.parametrize(("assignment", "check"), PROPERTIES)
def test_some_bug_of_its_question_breaks_each_property(assignment: str, check: Check) -> None:
    own = [bug.id for bug in load_bugs(load_assignment(assignment)) if bug.question == check.question]
    assert any(check.name in found(assignment, bug).broken for bug in own)


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_mistakes_are_named(assignment: str) -> None:
    answers = [(bug.says, found(assignment, bug.id).read) for bug in load_bugs(load_assignment(assignment))]
    wrong = [(says, read) for says, read in answers if read]
    assert len(wrong) > len(answers) / 2
    assert sum(says in read for says, read in wrong) >= 0.9 * len(wrong)
    misnamed = [(says, other) for says, read in wrong for other in read if other not in ("", says)]
    assert len(misnamed) <= 0.05 * len(wrong), misnamed


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "failed"), DEGENERATE.items(), ids=lambda part: part[-1] if len(part) == 2 else "")
def test_a_bug_that_shows_in_a_degenerate_case_costs_a_tenth(bug: tuple[str, str], failed: set[str]) -> None:
    assert found(*bug).failed == failed
    own = [check for check in load_checks(bug[0]) if check.question == BUGS[bug].question]
    share = sum(check.weight for check in own if check.name in failed) / sum(check.weight for check in own)
    points = load_assignment(bug[0]).manifest.question(BUGS[bug].question).points
    assert 0.08 <= share <= 0.13 or share * points == 0.25  # the smallest amount that is given
