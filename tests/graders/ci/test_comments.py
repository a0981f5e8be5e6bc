"""Comments for students: of what was graded at the commit, as much as the dial lets through, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from graders.ci.comments import LONGEST, comments_of
from graders.ci.fetching import Fetched
from graders.ci.posting import Comment
from graders.cli.main import main
from graders.course.assignment import load_assignment
from graders.intake.submission import read_submission
from graders.records.result import Result
from sanity.core.verdict import Verdict
from tests.support.class_exports import zipped
from tests.support.results import FAILED, SECRET, made, recorded

A4 = load_assignment("a4")
Told = Callable[..., list[Comment]]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Return a function that grades two that were fetched, Ada with these verdicts, and returns the comments."""
    archive = tmp_path / "submissions" / "a4-ada.zip"
    archive.parent.mkdir()
    archive.write_bytes(zipped(A4.reference))
    (archive.parent / "ben.zip").write_bytes(b"no archive")
    fetched = [Fetched(name, f"org/{name}", "submit-1", name * 3) for name in ("a4-ada", "ben")]
    (tmp_path / "submissions.json").write_bytes(msgspec.json.encode(fetched))

    def run(*found: Verdict, digest: str = "", feedback: str = "") -> list[Comment]:
        digest = digest or read_submission(archive, A4.manifest).digest
        result: Result = made("a4-ada.zip", *found, digest=digest)
        signature = msgspec.structs.replace(result.signature, seed=987654321)
        recorded(tmp_path / "grades", msgspec.structs.replace(result, signature=signature))
        return comments_of(tmp_path / "grades", tmp_path / "submissions.json", feedback)

    return run


def test_each_hears_of_its_own_commit(told: Told) -> None:
    ada, ben = told(FAILED)
    assert (ada.repository, ada.commit) == ("org/a4-ada", "a4-ada" * 3)
    assert ada.body.startswith("## a4\\-ada: 0 of 8 points (0%)\n\n") and ada.body.endswith("\na4, tag `submit-1`\n")
    assert ben.body.startswith("## ben: not read\n\n") and ben.repository == "org/ben"
    assert SECRET not in ada.body and "987654321" not in ada.body


def test_the_dial_says_how_much(told: Told) -> None:
    assert "its halves are swapped" in told(FAILED)[0].body
    assert "halves" not in told(FAILED, feedback="sentence")[0].body
    assert "likely\\: halves swapped" in told(FAILED, feedback="sentence,1d=diagnosis")[0].body


def test_a_result_of_other_files_is_not_told(told: Told) -> None:
    """As when the grader failed on the new tag, and the gradebook has the result of the one before."""
    assert [comment.repository for comment in told(FAILED, digest="f" * 64)] == ["org/ben"]


def test_a_comment_is_not_longer_than_platforms_take(told: Told) -> None:
    long = [replace(FAILED, check=f"c{number}", message="x" * 4000) for number in range(40)]
    assert len(told(*long)[0].body) < LONGEST + 100


def test_the_command_says_how_many(told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(FAILED)
    listed, out = tmp_path / "submissions.json", tmp_path / "comments.json"
    assert main(["ci", "comments", str(tmp_path / "grades"), "--submissions", str(listed), "-o", str(out)]) == 0
    assert capsys.readouterr() == (f"{out}: 2 comments\n", "")
    told(FAILED, digest="f" * 64)
    assert main(["ci", "comments", str(tmp_path / "grades"), "--submissions", str(listed), "-o", str(out)]) == 0
    why = f"note: a4-ada: {tmp_path / 'grades'} has no result of submit-1, so no comment yet\n"
    assert capsys.readouterr() == (f"{out}: 1 comment\n", why)
    listed.write_text("{}")
    assert main(["ci", "comments", str(tmp_path / "grades"), "--submissions", str(listed), "-o", str(out)]) == 2
    assert capsys.readouterr().err.startswith(
        f"trivium ci: {listed}: not a list as `trivium ci fetch` writes it: Expected `array`"
    )
