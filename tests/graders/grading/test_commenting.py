"""A comment for a group reaches all of its members, in every export, and nobody else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from graders.cli.main import main
from graders.errors import OptionError, UserError
from graders.exports.explanation import EVERYTHING
from graders.exports.table import feedback
from graders.grading.commenting import class_groups, comment_group
from graders.records.gradebook import Gradebook
from graders.records.result import Unread
from tests.support.desk import graded, submitted
from tests.support.results import FAILED

ANSWERED = replace(FAILED, diagnosis="", message="h_0 is wrong", answer_digest="abc")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A class of five, of whom two made a known mistake, and two others answered alike."""
    for name, verdicts in {"ada": [FAILED], "ben": [FAILED], "cleo": [ANSWERED], "dora": [ANSWERED], "ed": []}.items():
        hand_in(tmp_path, name, *verdicts)
    return tmp_path / "grades"


def hand_in(folder: Path, name: str, *verdicts: object, code: str = "x = 1\n") -> None:
    source = folder / "class" / name
    if not source.exists():
        submitted(source, name)
    with Gradebook(folder / "grades" / "gradebook.sqlite") as book:
        book.put(f"{name} {len(verdicts)}", graded(source, *verdicts), source)  # type: ignore[arg-type]


def comments(out: Path) -> dict[str, str]:
    """Return what stands in each results.json beside the points of 1d."""
    found = {}
    for path in sorted((out / "results").glob("*.json")):
        tests = json.loads(path.read_text())["tests"]
        found[path.stem] = "".join(
            test["output"] for test in tests if test["name"] == "Encode" and test["number"] == "1d"
        )
    return found


def ids(out: Path) -> dict[str, str]:
    return {group.what: group.id for group in class_groups(out).groups}


def test_all_members_read_it_and_nobody_else(out: Path) -> None:
    found = comment_group(out, ids(out)["halves swapped"], "  Lecture 7,\r\nslide 3.\n", "Grace")
    assert [(group.members, group.comment) for group in found.groups] == [
        (("ada", "ben"), "Lecture 7,\nslide 3."),
        (("cleo", "dora"), ""),
    ]
    assert comments(out)["ada"] == comments(out)["ben"] == "Lecture 7,\nslide 3."
    assert "Lecture 7" not in comments(out)["cleo"] + comments(out)["ed"]
    assert (out / "gradebook.csv").exists()


def test_who_joins_later_has_it_and_who_mends_the_mistake_has_not(out: Path, tmp_path: Path) -> None:
    id = ids(out)["h_0 is wrong"]
    comment_group(out, id, "Look at the last row.", "Grace")
    hand_in(tmp_path, "fay", ANSWERED)
    hand_in(tmp_path, "cleo")
    comment_group(out, ids(out)["halves swapped"], "Lecture 7.", "Grace")
    found = comments(out)
    assert found["fay"] == found["dora"] == "Look at the last row."
    assert "last row" not in found["cleo"]


def test_it_is_replaced_withdrawn_and_kept_where_nobody_is_left(out: Path, tmp_path: Path) -> None:
    id = ids(out)["halves swapped"]
    comment_group(out, id, "Lecture 6.", "Grace")
    comment_group(out, id, "Lecture 7.", "Alan")
    assert comments(out)["ada"] == "Lecture 7."
    hand_in(tmp_path, "ada")
    hand_in(tmp_path, "ben")
    assert class_groups(out).without_members == {id: "Lecture 7."}
    found = comment_group(out, id, "", "Alan")
    assert found.without_members == {} and id not in {group.id for group in found.groups}
    with Gradebook(out / "gradebook.sqlite") as book:
        trail = [(change.before, change.after, change.by) for change in book.history("a4").changes()]
    assert trail == [
        ("", "Lecture 6.", "Grace"),
        ("Lecture 6.", "Lecture 7.", "Alan"),
        ("Lecture 7.", "withdrawn", "Alan"),
    ]


def test_it_stands_below_a_comment_of_the_sheet_and_not_where_staff_gave_all_points(out: Path) -> None:
    id = ids(out)["halves swapped"]
    (out / "marks.csv").write_text("student,question,points,comment\nada,1d,,Well tried.\nben,1d,8,too strict\n")
    found = comment_group(out, id, "Lecture 7.", "Grace")
    assert comments(out)["ada"] == "Well tried.\nLecture 7."
    assert comments(out)["ben"] == "Changed by staff from 0: too strict"
    assert [group.members for group in found.groups if group.id == id] == [("ada",)]


def test_what_goes_to_moodle_has_the_mistake_and_the_comment(out: Path) -> None:
    comment_group(out, ids(out)["halves swapped"], "Lecture 7.", "Grace")
    ada = next(result for result in class_groups(out).recorded.results if result.submission == "ada")
    assert "1d 0/8: halves swapped. Lecture 7.; " in feedback(ada, EVERYTHING)


def test_a_group_that_is_not_there_and_a_comment_that_is_too_long_are_one_line(out: Path) -> None:
    with pytest.raises(OptionError, match=r"^there is no group 1d-0; `trivium group a4` lists them$"):
        comment_group(out, "1d-0", "Lecture 7.", "Grace")
    with pytest.raises(OptionError, match=r"^the comment has 2,001 characters: expected at most 2,000$"):
        comment_group(out, ids(out)["halves swapped"], "x" * 2001, "Grace")


@pytest.mark.parametrize("options", [{"policy": "x = ["}, {"marks": "no sheet"}, {"feedback": "loud"}])
def test_where_the_exports_cannot_be_written_nothing_is(out: Path, tmp_path: Path, options: dict[str, str]) -> None:
    id = ids(out)["halves swapped"]
    (tmp_path / "file").write_text(next(iter(options.values())))
    given = {name: text if name == "feedback" else tmp_path / "file" for name, text in options.items()}
    with pytest.raises(UserError):
        comment_group(out, id, "Lecture 7.", "Grace", **given)  # type: ignore[arg-type]
    assert {group.comment for group in class_groups(out).groups} == {""}


def trivium(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_command_lists_groups(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known, alike = ids(out)["halves swapped"], ids(out)["h_0 is wrong"]
    comment_group(out, known, "Lecture 7.", "Grace")
    assert trivium(capsys, "group", "a4", "--out", out) == (
        0,
        " group        how many  mistake              such as\n"
        " ──────────────────────────────────────────────────────\n"
        f" {known}         2  halves swapped       ada, ben\n"
        "                        comment: Lecture 7.\n"
        f" {alike}         2  h_0 is wrong         cleo, dora\n",
        "",
    )
    _, said, _ = trivium(capsys, "group", "a4", "--out", out, "--json")
    assert [group["members"] for group in json.loads(said)["groups"]] == [["ada", "ben"], ["cleo", "dora"]]


def test_the_command_gives_and_withdraws_a_comment(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id = ids(out)["halves swapped"]
    (tmp_path / "comment.txt").write_text("Lecture 7.\n")
    given = trivium(capsys, "group", "a4", "--out", out, "--comment", id, "--file", tmp_path / "comment.txt")
    assert given == (0, f"{id}: 2 submissions have the comment: ada, ben\n", "")
    assert comments(out)["ada"] == "Lecture 7."
    given = trivium(capsys, "group", "a4", "--out", out, "--comment", id, "", "--as", "Alan")
    assert given == (0, f"{id}: the comment is withdrawn\n", "")
    with Gradebook(out / "gradebook.sqlite") as book:
        assert book.history("a4").changes()[-1].by == "Alan"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["a4", "--comment", "1d-0"], '--comment: expected GROUP "TEXT", or GROUP with --file FILE'),
        (
            ["a4", "--comment", "1d-0", "x", "--file", "y"],
            '--comment: expected GROUP "TEXT", or GROUP with --file FILE',
        ),
        (["a4", "--comment", "1d-0", "--file", "none"], "--file none: No such file or directory"),
        (["a4", "--file", "x"], "--file: without --comment nothing is written; leave it out"),
        (["a4", "--as", "Grace"], "--as: without --comment nothing is written; leave it out"),
        (["a2"], "{out}: has the gradebook of a4, not of a2"),
    ],
)
def test_what_is_wrong_is_one_line(
    out: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    status, said, problem = trivium(capsys, "group", *arguments, "--out", out)
    assert (status, said, problem) == (2, "", f"trivium group: {line.format(out=out)}\n")


def test_a_class_without_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(tmp_path, "ed")
    assert trivium(capsys, "group", "a4", "--out", tmp_path / "grades") == (0, "no failures\n", "")


def test_a_class_of_which_nobody_was_graded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Gradebook(tmp_path / "grades" / "gradebook.sqlite") as book:
        book.put_unread("a4", Unread("ben", "is empty"), tmp_path / "ben")
    assert trivium(capsys, "group", "a4", "--out", tmp_path / "grades") == (0, "nobody was graded\n", "")
