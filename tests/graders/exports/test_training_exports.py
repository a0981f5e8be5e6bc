"""A training in every export: points, score and interval, curves as drawn, and which words reach whom."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings

from graders.exports.annotations import Places, workflow_commands
from graders.exports.gradescope import results_json
from graders.exports.junit import junit_xml
from graders.exports.report.index import cell
from graders.exports.report.submission import student_html, submission_html
from graders.exports.report.training import BOTTOM, LEFT, MAX_CURVE_POINTS, RIGHT, TOP, curves, facts
from graders.exports.table import console_table, first_problem, gradebook_csv
from graders.records.result import QuestionResult
from graders.records.training import AttentionMap, Point, StopReason, Training
from sanity.core.feedback import Dial
from tests.support.pages import Page, pages
from tests.support.results import PASSED, SECRET, made
from tests.support.trainings import REACHED, trained, trainings, with_training

ADA = made("ada", PASSED)
FULL = with_training(ADA, REACHED)
SHORT = with_training(ADA, trained(score=20.0, low=None, stop_reason=StopReason.BUDGET, message="the time is up"))
NONE = with_training(ADA, trained(score=None, stop_reason=StopReason.CRASHED, message="it crashed"))
WAITING = msgspec.structs.replace(
    ADA,
    questions=(*ADA.questions, QuestionResult("1h", "Training", 0, 8, (), comment="not trained yet", metric="BLEU")),
)
TOLD = "BLEU 20 on toy; BLEU 50 earns 4 points; the time is up"


def test_the_csv_has_points_and_score() -> None:
    header, *rows = gradebook_csv([FULL, SHORT, NONE]).splitlines()
    assert header == "submission,1d,1h,total,max,percent,1h BLEU,notes,digest,seed"
    assert [row.split(",")[1:7] for row in rows] == [
        ["8", "8", "16", "16", "100", "93.46"],
        ["8", "2", "10", "16", "62.5", "20"],
        ["8", "0", "8", "16", "50", ""],
    ]


def test_the_first_problem_may_be_training() -> None:
    assert first_problem(FULL) == ""
    assert first_problem(SHORT) == f"1h: {TOLD}"
    assert first_problem(WAITING) == "1h: not trained yet"
    assert "1h: no BLEU; it crashed" in console_table([NONE])
    assert [cell(result.questions[-1]).level for result in (FULL, SHORT, NONE)] == ["f3", "f1", "fe"]


def test_gradescope_gets_the_numbers_and_no_sentence() -> None:
    entry = json.loads(results_json(SHORT))["tests"][-1]
    assert (entry["score"], entry["max_score"], entry["status"], entry["output"]) == (2, 8, "failed", TOLD)
    boards = [json.loads(results_json(result)).get("leaderboard") for result in (FULL, SHORT, NONE, WAITING, ADA)]
    full, short = ({"name": "1h BLEU", "value": value, "order": "desc"} for value in (93.46, 20))
    assert boards == [[full], [short], None, None, None]
    training = entry["extra_data"]["training"]
    assert (training["score"], training["signature"]) == (20.0, REACHED.signature)
    assert "seed" not in training  # the test is drawn from it, and others may hand in later
    assert "samples" not in training and "curve" not in training


def test_junit_tells_a_low_score_from_none() -> None:
    cases = [list(suite.iter("testcase"))[-1] for suite in ET.fromstring(junit_xml([FULL, SHORT, NONE]).encode())]
    assert [(case[0].tag, case[0].get("message"), case[0].text) for case in cases] == [
        ("system-out", None, f"8 of 8 points. BLEU 93.46 (91 to 95.25) on toy; {REACHED.message}"),
        ("failure", "budget", TOLD),
        ("error", "crashed", "no BLEU; it crashed"),
    ]


def test_an_annotation_says_what_training_lacks() -> None:
    assert workflow_commands(FULL, Places()) == "::notice title=a4::ada: 16 of 16 points\n"
    assert (
        workflow_commands(SHORT, Places())
        == f"::error title=1h Training::{TOLD}\n::notice title=a4::ada: 10 of 16 points\n"
    )
    assert workflow_commands(WAITING, Places()).splitlines()[0] == "::warning title=1h Training::not trained yet"


@settings(max_examples=60)
@given(trainings())
def test_any_training_makes_a_page_of_our_own_elements_only(training: Training) -> None:
    result = with_training(ADA, training)
    for page in (*pages([result]), student_html(result, Dial())):
        Page(page)
    for text in (gradebook_csv([result]), results_json(result).decode(), junit_xml([result])):
        assert SECRET not in text


def test_the_page_has_the_facts_and_samples_for_staff() -> None:
    html = submission_html(with_training(ADA, trained(message="<i>", samples=((f"{SECRET} a", "b", "<img src=x>"),))))
    for shown in [
        "93.46 (91 to 95.25), chrF 96", "94; training stops at 90", "reached: &lt;i&gt;", REACHED.signature,
        "150 s by the clock, 290 s of processor time", "120 s", "5,400 words per second over 1,600 updates",
        "toy, seed 7, cpu · python 3.11.7 · torch 2.13.0", f"{SECRET} a", "&lt;img src=x&gt;", "BLEU on dev",
    ]:  # fmt: skip
        assert shown in html


def test_students_see_neither_seed_nor_curve_nor_sample() -> None:
    html = student_html(with_training(ADA, trained(samples=((f"{SECRET} a", "b", "c"),))), Dial())
    assert "93.46 (91 to 95.25), chrF 96" in html
    assert not any(withheld in html for withheld in ("seed 7", "polyline", SECRET, "Sample answers"))


def test_staff_see_what_the_model_attended_to() -> None:
    maps = (
        AttentionMap(["<b>", "Satz"], ["a", "</s>"], [[0.3, 0.7], [1.0, 0.0]]),
        AttentionMap(["x"], ["y"], [[0.04]]),
    )
    result = with_training(ADA, trained(attention=maps))
    html = submission_html(result)
    assert html.count('<figure class="heat">') == 2 and "Attention in per cent" in html
    shades = re.findall(r'<rect class="(\w+)" [^>]+/>(?:<text [^>]+>(\d+)</text>)?', html)
    assert shades[-5:] == [("p2", "30"), ("p3", "70"), ("p4", "100"), ("z", ""), ("z", "")]
    assert "&lt;b&gt;</text>" in html and "&lt;/s&gt;</text>" in html and "<b></text>" not in html
    assert "per cent" not in student_html(result, Dial())


def test_the_samples_of_a_parser_are_trees() -> None:
    sample = ("she reads <b>", "2:nsubj 0:root 2:obj", "2:nsubj 0:root 1:obj")
    html = submission_html(with_training(ADA, trained(samples=(sample, ("a b", "c", "d")))))
    assert html.count("<path") == 4 and html.count('stroke-dasharray="') == 1  # three arcs, and the right one below
    assert "&lt;b&gt;" in html and "Sample answers" in html


@pytest.mark.parametrize(
    "found", ["", "9:x 0:root 2:obj", "-1: 0:root 2:obj", "2:nsubj", "99999999:x 0:y 2:z", "2:nsubj 0:root 2:obj 1:x"]
)
def test_an_answer_that_is_no_tree_is_shown_as_text(found: str) -> None:
    sample = ("she reads books", "2:nsubj 0:root 2:obj", found)
    html = submission_html(with_training(ADA, trained(samples=(sample,))))
    assert "<path" not in html and "Sample answers" in html


def test_a_tree_of_circles_is_drawn() -> None:
    sample = ("she reads books", "2:nsubj 0:root 2:obj", "2:nsubj 3:root 2:obj")
    assert "<path" in submission_html(with_training(ADA, trained(samples=(sample,))))


def test_what_never_came_is_said() -> None:
    never = {"score": None, "low": None, "best_dev": None, "seconds_to_threshold": None}
    said = dict(facts(trained(**never, other_scores={}, signature="")))
    assert (said["BLEU on test"], said["to the threshold"], said["signature"]) == ("none", "not reached", "none")
    assert said["best on dev"] == "never scored; training stops at 90"


def test_curves_are_drawn_to_scale() -> None:
    score, perplexity = curves(REACHED)
    middle = (LEFT + RIGHT) / 2
    assert (score.title, score.updates) == ("BLEU on dev", 1600)
    first, last = score.line.split()
    assert first == f"{LEFT + (RIGHT - LEFT) / 4:.1f},{BOTTOM - (BOTTOM - TOP) * 30 / 94:.1f}"
    assert last == f"{RIGHT},{TOP}"
    assert score.goal == pytest.approx(BOTTOM - (BOTTOM - TOP) * 90 / 94, abs=0.1)
    assert [label for _, label in score.labels] == ["0", "90"]
    # As a logarithm, 10 lies half way from 1 to 100.
    assert perplexity.line.split()[1] == f"{middle},{(TOP + BOTTOM) / 2}"
    assert (perplexity.goal, [label for _, label in perplexity.labels]) == (None, ["1", "100"])


def test_one_look_or_none_draws_nothing() -> None:
    assert curves(trained(curve=())) == []
    assert curves(trained(curve=REACHED.curve[:1])) == []
    impossible = Point(1, 1.0, None, -3.0, None), Point(2, 2.0, None, 0.0, None), Point(3, 3.0, None, 5.0, None)
    assert curves(trained(curve=impossible)) == []


@given(trainings())
def test_curves_stay_in_their_frame_from_left_to_right(training: Training) -> None:
    ordered = msgspec.structs.replace(training, curve=tuple(sorted(training.curve, key=lambda point: point.update)))
    for curve in curves(ordered):
        places = [tuple(map(float, place.split(","))) for place in curve.line.split()]
        assert places == sorted(places, key=lambda place: place[0])
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in places)
        assert all(TOP <= y <= BOTTOM for y, _ in curve.labels)


def test_a_long_curve_is_thinned_and_keeps_its_end() -> None:
    looks = tuple(Point(update, 1.0, None, None, update / 100) for update in range(1, 10_000))
    [curve] = curves(trained(curve=looks))
    assert len(curve.line.split()) <= MAX_CURVE_POINTS + 1
    assert curve.line.split()[-1] == f"{RIGHT},{TOP}"
