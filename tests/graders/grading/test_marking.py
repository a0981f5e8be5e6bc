"""Marks that are given through the interface: into the sheet, with a history, and never over somebody else's."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.errors import OptionError
from graders.grading.marking import MarkConflict, Marking, version
from graders.records.gradebook import Gradebook
from graders.records.manual_marks import Mark, MarksError
from tests.support.desk import class_at, graded, submitted

ANSWERS = {"ada": "They hide padding.", "ben": "Masks."}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return class_at(tmp_path, ANSWERS)


def give(marking: Marking, name: str, question: str, mark: Mark, by: str = "Grace") -> None:
    """Give a mark as a person does who has just looked."""
    marking.give(name, question, mark, version(marking.now().marks.get((name, question))), by)


def trail(marking: Marking) -> list[tuple[str, str, str, str]]:
    return [(change.submission, change.before, change.after, change.by) for change in marking.changes()]


def points(marking: Marking) -> dict[str, float]:
    return {result.submission: result.points for result in marking.now().results}


def test_a_mark_is_a_row_of_the_sheet_and_an_entry_of_the_trail(out: Path) -> None:
    marking = Marking(out)
    assert points(marking) == {"ada": 40, "ben": 40}
    give(marking, "ada", "1g", Mark(2.5, "Say why."))
    give(marking, "ada", "1d", Mark(6, "one case is missing"))
    assert (out / "marks.csv").read_text("utf-8-sig").splitlines()[1:] == [
        "ada,1g,2.5,Say why.",
        "ada,1d,6,one case is missing",
    ]
    assert points(marking) == {"ada": 40.5, "ben": 40}
    give(marking, "ada", "1g", Mark(None, ""))
    assert points(marking) == {"ada": 38, "ben": 40}
    assert trail(marking) == [
        ("ada", "", "2.5: Say why.", "Grace"),
        ("ada", "", "6: one case is missing", "Grace"),
        ("ada", "2.5: Say why.", "withdrawn", "Grace"),
    ]


def test_what_somebody_writes_into_the_sheet_counts_at_once_and_is_not_by_the_desk(out: Path) -> None:
    marking = Marking(out)
    give(marking, "ada", "1g", Mark(2, ""))
    sheet = out / "marks.csv"
    sheet.write_bytes(sheet.read_bytes().replace(b"ada,1g,2,", b"ada,1g,3,") + b"ben,1g,1,short\n")
    give(marking, "ben", "1i", Mark(4, ""))
    assert points(marking) == {"ada": 43, "ben": 45}
    assert trail(marking) == [
        ("ada", "", "2", "Grace"),
        ("ada", "2", "3", ""),
        ("ben", "", "1: short", ""),
        ("ben", "", "4", "Grace"),
    ]


def test_a_policy_and_times_that_change_meanwhile_count_at_once(out: Path) -> None:
    marking = Marking(out)
    assert not any(result.policy for result in marking.now().results)
    for due, final in (("2026-11-20T23:59:00", 20), ("2026-11-30T23:59:00", 40)):
        (out / "policy.toml").write_text(f'due = {due}\ntimezone = "Europe/Berlin"\nlate_cap = 50\n')
        (out / "submitted.csv").write_text("student,submitted\nada,2026-11-22 09:30\nben,2026-11-19 09:30\n")
        assert [result.policy.points for result in marking.now().results if result.policy] == [final, 40]
    (out / "policy.toml").write_text('due = 2026-11-20T23:59:00\ntimezone = "Europe/Berlin"\nlate_cap = 50\n')
    (out / "submitted.csv").write_text("student,submitted\nada,2026-11-20 09:30\nben,2026-11-22 09:30\n")
    assert [result.policy.points for result in marking.now().results if result.policy] == [40, 20]


def test_a_mark_that_was_changed_meanwhile_is_not_overwritten(out: Path) -> None:
    first, second = Marking(out), Marking(out)
    seen = version(None)
    first.give("ada", "1g", Mark(3, "clear"), seen, "Grace")
    with pytest.raises(MarkConflict, match=r"^1g of ada was changed meanwhile: it is now 3: clear$") as caught:
        second.give("ada", "1g", Mark(1, "vague"), seen, "Alan")
    assert (caught.value.now.points, points(second)["ada"]) == (3, 43)
    second.give("ada", "1g", Mark(1, "vague"), version(caught.value.now), "Alan")
    assert trail(first) == [("ada", "", "3: clear", "Grace"), ("ada", "3: clear", "1: vague", "Alan")]


def test_two_who_mark_at_once_lose_nothing(out: Path) -> None:
    questions = [("ada", "1g"), ("ben", "1g"), ("ada", "1i"), ("ben", "1i"), ("ada", "2a"), ("ben", "2a")]
    problems: list[Exception] = []

    def mark_all(by: str) -> None:
        marking = Marking(out)
        for round in range(3):
            for name, question in questions:
                mark = Mark(float(round), f"{by} {round}")
                try:
                    give(marking, name, question, mark, by)
                except MarkConflict:
                    give_again(marking, name, question, mark, by)
                except Exception as problem:
                    problems.append(problem)

    def give_again(marking: Marking, name: str, question: str, mark: Mark, by: str) -> None:
        while True:
            try:
                return give(marking, name, question, mark, by)
            except MarkConflict:
                pass

    threads = [threading.Thread(target=mark_all, args=(by,)) for by in ("Grace", "Alan")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    changes = Marking(out).changes()
    assert len(changes) == 2 * 3 * len(questions)
    for name, question in questions:
        own = [change for change in changes if (change.submission, change.question) == (name, question)]
        assert [change.before for change in own] == ["", *(change.after for change in own[:-1])]
        assert {change.after for change in own} == {f"{n}: {by} {n}" for n in range(3) for by in ("Grace", "Alan")}
        assert all(change.by in change.after for change in own)


WRITE = """
import sys
from pathlib import Path
from graders.grading.marking import Marking, MarkConflict, version
from graders.records.manual_marks import Mark
marking = Marking(Path(sys.argv[1]))
for question in ("1g", "1i", "2a"):
    marking.give(sys.argv[2], question, Mark(1.0, sys.argv[2]), version(None), sys.argv[2])
"""


def test_two_processes_lose_nothing(out: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITE, str(out), name]) for name in ANSWERS]
    assert [process.wait() for process in running] == [0, 0]
    assert points(Marking(out)) == {"ada": 43, "ben": 43}
    assert len(Marking(out).changes()) == 6


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["Grace", "Alan", "sheet"]),
        st.sampled_from(list(ANSWERS)),
        st.sampled_from(["1g", "1i"]),
        st.sampled_from([0.0, 1.0, 3.0]),
        st.booleans(),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=25)
@given(STEPS)
def test_whoever_writes_when_nothing_is_overwritten_unseen(  # type: ignore[no-untyped-def]
    tmp_path_factory, steps
) -> None:
    """Two tabs look at some time and save at another, and a third hand edits the sheet in between."""
    out = class_at(tmp_path_factory.mktemp("desk"), ANSWERS)
    desks = {"Grace": Marking(out), "Alan": Marking(out)}
    seen: dict[tuple[str, str, str], str] = {}
    true: dict[tuple[str, str], Mark] = {}
    written: list[tuple[str, str]] = []
    for number, (who, name, question, points, looks) in enumerate(steps):
        key, mark = (name, question), Mark(points, f"{number}")
        if who == "sheet":
            sheet = out / "marks.csv"
            rows = sheet.read_text("utf-8-sig").splitlines() if sheet.exists() else ["student,question,points,comment"]
            kept = [row for row in rows if not row.startswith(f"{name},{question},")]
            sheet.write_text("\n".join([*kept, f"{name},{question},{mark.shown},{number}"]) + "\n")
            true[key] = mark
            continue
        if looks or (who, *key) not in seen:
            seen[who, *key] = version(desks[who].now().marks.get(key))
        stale = seen[who, *key] != version(true.get(key))
        if stale:
            with pytest.raises(MarkConflict):
                desks[who].give(name, question, mark, seen[who, *key], who)
        else:
            desks[who].give(name, question, mark, seen[who, *key], who)
            true[key] = mark
            written.append((f"{mark.shown}: {number}", who))
    found = {key: (mark.points, mark.comment) for key, mark in Marking(out).now().marks.items()}
    assert found == {key: (mark.points, mark.comment) for key, mark in true.items()}
    assert [(change.after, change.by) for change in Marking(out).changes() if change.by] == written


def test_a_grading_that_ends_meanwhile_keeps_the_marks_and_is_seen(out: Path, tmp_path: Path) -> None:
    marking = Marking(out)
    give(marking, "ada", "1g", Mark(2, ""))
    source = submitted(tmp_path / "class" / "cleo", "Nothing.")
    with Gradebook(out / "gradebook.sqlite") as book:
        book.put("cleo", graded(source), source)
    assert points(marking) == {"ada": 42, "ben": 40, "cleo": 40}


def test_exports_have_what_was_marked(out: Path) -> None:
    marking = Marking(out)
    give(marking, "ada", "1g", Mark(2, "Say why."))
    files = [path.name for path in marking.export()]
    assert {"gradebook.csv", "ada.json", "ben.json"} <= set(files)
    assert "Say why." in (out / "results" / "ada.json").read_text()


def test_what_is_wrong_is_one_line_and_nothing_is_written(out: Path) -> None:
    marking = Marking(out)
    with pytest.raises(OptionError, match=r"^the gradebook has no submission called 'zoe'$"):
        give(marking, "zoe", "1g", Mark(1, ""))
    assert not (out / "marks.csv").exists() and marking.changes() == []
    (out / "marks.csv").write_text("x,y\n")
    with pytest.raises(MarksError, match="the column student is missing"):
        marking.give("ada", "1g", Mark(1, ""), version(None), "Grace")


def test_a_full_disk_undoes_the_note_in_the_trail(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marking = Marking(out)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("graders.grading.marking.write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        give(marking, "ada", "1g", Mark(1, ""))
    assert marking.changes() == [] and points(marking)["ada"] == 40
