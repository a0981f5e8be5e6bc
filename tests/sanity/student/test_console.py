"""What a student reads: the course's lines where all is well, and one block where it is not."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from graders.course.assignment import load_assignment
from sanity.core.manifest import Question
from sanity.core.verdict import Outcome, Verdict
from sanity.student.console import coloured, print_json, print_list, print_parts, print_question
from sanity.student.parts import summary_parts

ENCODE = Question("1d", "Encode", 8, "nmt_model.py")
RIGHT = Verdict("1d", "encodes", "It encodes.", Outcome.PASSED, 3, is_property=False, outputs=("enc_hiddens",))
PROPERTY = Verdict("1d", "any_order", "The order does not matter.", Outcome.PASSED, 1, is_property=True)
WRONG = replace(
    RIGHT,
    outcome=Outcome.FAILED,
    message="enc_hiddens has the right shape (b=1, src_len=3, 2h=4) but 12 of 12 values are wrong, the first at "
    "[b=0, src_len=0, 2h=0]",
    diagnosis="the sign is flipped",
    case="1 sentence of up to 3 words",
    detail="got 1 there, expected -1; largest difference 2",
)
CRASHED = replace(
    PROPERTY,
    outcome=Outcome.COULD_NOT_RUN,
    message="encode() raised ValueError in nmt_model.py, line 3",
    detail='  File "nmt_model.py", line 3, in encode\n    return x\nValueError: no',
)
ABSENT = replace(
    PROPERTY, outcome=Outcome.COULD_NOT_RUN, message="not implemented yet", detail="1d: not implemented yet"
)


@pytest.fixture
def printed(capsys):
    def printed(*verdicts: Verdict, verbose: bool = False) -> list[str]:
        print_question(ENCODE, verdicts, verbose)
        return capsys.readouterr().out.splitlines()

    return printed


def test_all_is_well(printed):
    assert printed(RIGHT, PROPERTY) == [
        "Running Sanity Check for Question 1d: Encode",
        "enc_hiddens Sanity Checks Passed!",
        "and 1 more check passed; --verbose names what",
        "All Sanity Checks Passed for Question 1d: Encode!",
        "",
    ]
    assert printed(RIGHT, PROPERTY, PROPERTY)[2] == "and 2 more checks passed; --verbose names what"


def test_verbose_names_what_passed(printed):
    assert printed(RIGHT, PROPERTY, verbose=True)[2] == "also true: The order does not matter."
    assert printed(WRONG, PROPERTY, verbose=True)[1] == "also true: The order does not matter."


def test_an_output_passes_once_and_only_if_it_is_never_wrong(printed):
    assert printed(RIGHT, RIGHT)[1:3] == ["enc_hiddens Sanity Checks Passed!", printed(RIGHT)[2]]
    assert "enc_hiddens Sanity Checks Passed!" not in printed(RIGHT, WRONG)


def test_several_questions_are_summed_up(capsys):
    print_parts(summary_parts([(ENCODE, [RIGHT])]))
    print_parts(summary_parts([(ENCODE, [RIGHT]), (ENCODE, [RIGHT, PROPERTY])]))
    print_parts(summary_parts([(ENCODE, [RIGHT]), (ENCODE, [RIGHT, WRONG]), (ENCODE, [CRASHED])]))
    assert capsys.readouterr().out == "2 of 2 questions pass\n1 of 3 questions pass; not yet: 1d, 1d\n"


def test_a_hint_is_told_and_is_no_failure(printed):
    hint = replace(PROPERTY, weight=0, message="sigmoid() changes its argument", hint="make a copy")
    assert printed(RIGHT, hint) == [
        "Running Sanity Check for Question 1d: Encode",
        "enc_hiddens Sanity Checks Passed!",
        "passed, but: sigmoid() changes its argument",
        "  hint    make a copy",
        "All Sanity Checks Passed for Question 1d: Encode!",
        "",
    ]
    assert printed(WRONG, hint)[1] == "1 of 2 checks did not pass for Question 1d: Encode."
    assert printed(WRONG, hint)[-3:] == ["passed, but: sigmoid() changes its argument", "  hint    make a copy", ""]


def test_a_wrong_answer_has_a_block(printed):
    assert printed(WRONG, PROPERTY) == [
        "Running Sanity Check for Question 1d: Encode",
        "1 of 2 checks did not pass for Question 1d: Encode.",
        "",
        "failed: It encodes.",
        "  found   enc_hiddens has the right shape (b=1, src_len=3, 2h=4) but 12 of 12 values are wrong, the",
        "          first at [b=0, src_len=0, 2h=0]",
        "  values  got 1 there, expected -1; largest difference 2",
        "  case    1 sentence of up to 3 words",
        "  likely  the sign is flipped",
        "",
    ]


def test_a_crash_shows_the_students_own_lines(printed):
    assert printed(RIGHT, replace(CRASHED, hint="write int")) == [
        "Running Sanity Check for Question 1d: Encode",
        "enc_hiddens Sanity Checks Passed!",
        "1 of 2 checks did not pass for Question 1d: Encode.",
        "",
        "could not run: The order does not matter.",
        "  found   encode() raised ValueError in nmt_model.py, line 3",
        "  hint    write int",
        '      File "nmt_model.py", line 3, in encode',
        "        return x",
        "    ValueError: no",
        "",
    ]


def test_the_block_is_of_the_output_whose_cause_is_known(printed):
    unknown = replace(WRONG, sentence="First.", diagnosis="")
    third = replace(WRONG, sentence="Property.", outputs=(), diagnosis="a property's", hint="a hint")
    others = (
        replace(WRONG, sentence="Another.", diagnosis="another"),
        replace(WRONG, sentence="Same again.", hint="a hint"),
    )
    lines = printed(unknown, third, WRONG, *others)
    assert [line for line in lines if line and line[:3] not in ("  f", "  v", "  c")] == [
        "Running Sanity Check for Question 1d: Encode",
        "5 of 5 checks did not pass for Question 1d: Encode.",
        "failed: It encodes.",
        "          first at [b=0, src_len=0, 2h=0]",
        "  likely  the sign is flipped",
        "also failed: First.",
        "also failed: Property.",
        "  likely  a property's",
        "  hint    a hint",
        "also failed: Another.",
        "  likely  another",
        "also failed: Same again.",
    ]
    assert printed(unknown, third)[3] == "failed: First."


def test_a_block_has_both_the_diagnosis_and_the_hint(printed):
    assert printed(replace(WRONG, hint="ask the vocabulary"))[-3:] == [
        "  likely  the sign is flipped",
        "  hint    ask the vocabulary",
        "",
    ]


def test_what_crashed_for_one_reason_is_told_once(printed):
    again, other = (
        replace(CRASHED, sentence="Again."),
        replace(CRASHED, sentence="Other.", message="step() raised OSError"),
    )
    assert printed(CRASHED, again, other, again)[-4:] == [
        "",
        "also could not run (step() raised OSError): Other.",
        "2 more could not run for the same reason.",
        "",
    ]


def test_what_is_not_there_yet_is_no_crash(printed):
    assert printed(ABSENT, ABSENT)[1:] == ["Question 1d: Encode is not implemented yet.", ""]


def test_a_question_that_waits_for_another_says_so(printed):
    waiting = replace(ABSENT, detail="1c: not implemented yet")
    assert printed(waiting)[1:] == ["Question 1d: Encode waits for question 1c, which is not implemented yet.", ""]


def test_a_question_that_is_half_there_is_a_problem(printed):
    assert printed(RIGHT, ABSENT)[2:] == ["Question 1d: Encode is not implemented yet.", ""]
    assert "failed: It encodes." in printed(WRONG, ABSENT)


@pytest.mark.parametrize(
    ("terminal", "environment", "colours"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"NO_COLOR": ""}, True)],
)
def test_colours_are_for_terminals(monkeypatch, terminal, environment, colours):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert coloured("text", "31") == ("\033[31mtext\033[0m" if colours else "text")


def test_on_windows_the_console_is_asked_for_colours_first(monkeypatch):
    asked = []
    fixed = SimpleNamespace(just_fix_windows_console=lambda: asked.append(True))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setitem(sys.modules, "colorama", fixed)
    assert coloured("text", "31") == "\033[31mtext\033[0m" and asked == [True]
    monkeypatch.setitem(sys.modules, "colorama", None)
    assert coloured("text", "31") == "text"


def test_json_holds_every_verdict(capsys):
    print_json([(ENCODE, [WRONG, CRASHED])])
    [question] = json.loads(capsys.readouterr().out)
    assert (question["question"], question["name"]) == ("1d", "Encode")
    wrong, crashed = question["checks"]
    assert Verdict(**{**wrong, "outcome": Outcome(wrong["outcome"]), "outputs": tuple(wrong["outputs"])}) == WRONG
    assert crashed["outcome"] == "could not run"


def test_the_list_says_one_point(capsys):
    manifest = load_assignment("a2").manifest
    print_list(manifest, manifest.select_questions(["2g"]))
    assert capsys.readouterr().out.splitlines()[0] == "2g  Entropy, 1 point, in information.py"


def test_the_list_has_every_question_with_its_checks(capsys):
    manifest = load_assignment("a4").manifest
    print_list(manifest, manifest.select_questions(["1a", "1d"]))
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] != " "] == [
        "1a  Padding, 2 points, in utils.py",
        "1d  Encode, 8 points, in nmt_model.py",
    ]
    assert lines[1] == "      Every sentence is padded on the right to the length of the longest."
    assert all(line.endswith(".") for line in lines if line[0] == " ")
