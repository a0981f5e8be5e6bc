"""A class: every submission has its row, whatever happens to the others, to a zygote or to the grader itself."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import graders.grading.submission
from graders.course.assignment import load_assignment
from graders.course.planted import load_variants
from graders.engine.job import RunFailed
from graders.exports.gradescope import results_json
from graders.exports.junit import junit_xml
from graders.exports.table import gradebook_csv
from graders.grading.plan import Plan, make_plan
from graders.grading.reference import Reference
from graders.grading.run import GradingRun
from graders.intake.discovery import distinct
from graders.intake.submission import Found, found_at
from graders.records.gradebook import Gradebook
from graders.records.result import Result, Unread
from graders.sandbox.isolation import Isolation
from graders.sandbox.profile import Profile
from graders.sandbox.zygote import WorkerHandle, Zygote
from sanity.a4.padding import SENTENCES, pad
from sanity.core.check import Checks
from sanity.core.errors import CheckFailed
from sanity.core.recordings import Recordings, fixed_cases, key_of, recording_path
from sanity.core.verdict import Outcome
from tests.support.lent import LentZygote
from tests.support.pages import report_html
from tests.support.processes import descriptors, process_of

pytestmark = pytest.mark.usefixtures("warm")


class Class:
    """A class of submissions, and what an engine said of them."""

    def __init__(self, folder: Path, reference: Mapping[str, str]) -> None:
        self.folder, self.reference = folder, reference
        self.paths: list[Path] = []
        self.told: list[Result] = []
        self.done: list[tuple[str, bool]] = []
        self.results: dict[str, Result] = {}

    def add(self, name: str, **files: str) -> Path:
        """Add the reference with some files replaced."""
        path = self.folder / name
        path.mkdir(parents=True)
        for file, text in {**self.reference, **{f"{stem}.py": text for stem, text in files.items()}}.items():
            (path / file).write_text(text)
        self.paths.append(path)
        return path

    def grade(self, grader: GradingRun, book: Path | None = None) -> list[Result]:
        """Grade all; return the results in the order of their paths."""
        self.results.clear()
        with Gradebook(book or self.folder / "book.sqlite") as opened:
            grader.grade_all(self.found, opened, self.told.append, self.on_result)
        return [self.results[one.name] for one in self.found if one.name in self.results]

    @property
    def found(self) -> list[Found]:
        """The submissions in the order of their paths."""
        found = distinct([found_at(path) for path in self.paths])
        return sorted(found, key=lambda one: self.paths.index(one.source))

    def on_result(self, result: Result | Unread, known: bool) -> None:
        self.done.append((result.submission, known))
        if isinstance(result, Result):
            self.results[result.submission] = result

    def kept(self) -> list[str]:
        """Return the submissions in the gradebook."""
        with Gradebook(self.folder / "book.sqlite") as book:
            return [result.submission for result in book.results()]


@pytest.fixture
def klass(tmp_path: Path, reference_files: dict[str, str]) -> Class:
    return Class(tmp_path / "class", reference_files)


@pytest.fixture(scope="session")
def short() -> Plan:
    """An exam of two quick questions."""
    return make_plan(load_assignment("a4"), ["1a", "1b"], 1)


@pytest.fixture
def grader(short: Plan, isolation: Isolation, warm: None) -> Iterator[GradingRun]:
    with GradingRun(short, isolation, 1) as grader:
        yield grader


def names(results: list[Result]) -> list[str]:
    return [result.submission for result in results]


def points(results: list[Result]) -> list[float]:
    return [result.points for result in results]


def first_message(result: Result) -> str:
    return result.questions[0].verdicts[0].message


def test_results_come_in_the_order_of_the_submissions(short: Plan, isolation: Isolation, klass: Class) -> None:
    for name in ("zoe", "anna", "mia", "leo"):
        klass.add(name)
    with GradingRun(short, isolation, 2) as grader:
        results = klass.grade(grader)
    assert names(results) == ["zoe", "anna", "mia", "leo"]
    assert points(results) == [5, 5, 5, 5]
    assert sorted(klass.done) == [(name, False) for name in sorted(names(results))]
    assert klass.kept() == sorted(names(results))


def test_equal_submissions_are_all_listed(grader: GradingRun, klass: Class) -> None:
    klass.add("anna")
    klass.add("copy")
    results = klass.grade(grader)
    assert names(results) == klass.kept() == ["anna", "copy"]
    assert results[0].digest == results[1].digest


def test_submissions_of_one_name_are_told_apart(grader: GradingRun, klass: Class) -> None:
    klass.add("monday/hw4")
    klass.add("tuesday/hw4", utils="")
    klass.add("wednesday/hw4")
    results = klass.grade(grader)
    assert names(results) == klass.kept() == ["hw4 (monday)", "hw4 (tuesday)", "hw4 (wednesday)"]
    assert points(results) == [5, 3, 5]
    assert points(klass.grade(grader)) == [5, 3, 5]
    assert klass.done[3:] == [(name, True) for name in klass.kept()]


def test_what_cannot_be_read_has_a_reason_and_no_result(grader: GradingRun, klass: Class) -> None:
    klass.add("anna")
    broken = klass.folder / "broken.zip"
    broken.write_bytes(b"PK\3\4 and no more")
    klass.paths.insert(0, broken)
    [good] = klass.grade(grader)
    assert (good.submission, good.points) == ("anna", 5)
    assert grader.failures == {}
    assert klass.done == [("broken.zip", False), ("anna", False)] and klass.kept() == ["anna"]
    with Gradebook(klass.folder / "book.sqlite") as book:
        why = "is a damaged or truncated zip archive; pack it and hand it in again"
        assert book.unread("a4") == [Unread("broken.zip", why)]


def test_what_cannot_be_read_has_a_name_fit_to_show(
    grader: GradingRun, klass: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = klass.folder / "two\x1b[31m"
    for folder in ("a", "b"):
        (here / folder).mkdir(parents=True)
        (here / folder / "utils.py").write_text("")
    monkeypatch.chdir(here)
    klass.paths = [Path(), here]
    assert klass.grade(grader) == []
    assert klass.done == [("two%1B[31m (class)", False), ("two%1B[31m (class) (2)", False)]


def test_nothing_is_graded_twice(grader: GradingRun, klass: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    klass.add("anna")
    klass.add("leo")
    first = klass.grade(grader)
    monkeypatch.setattr("graders.grading.grader.grade", None)
    klass.told.clear()
    assert klass.grade(grader) == first
    assert klass.told == []
    assert klass.done[2:] == [("anna", True), ("leo", True)]


def test_a_submission_that_changed_is_graded_again(grader: GradingRun, klass: Class) -> None:
    folder = klass.add("anna")
    assert points(klass.grade(grader)) == [5]
    (folder / "utils.py").write_text("")
    assert points(klass.grade(grader)) == [3]
    assert klass.done == [("anna", False), ("anna", False)]


def test_a_class_graded_in_parts_is_the_class_graded_at_once(grader: GradingRun, klass: Class) -> None:
    for name in ("anna", "leo", "mia"):
        klass.add(name)
    everyone, klass.paths = klass.paths, klass.paths[:1]
    klass.grade(grader)
    klass.paths = everyone
    in_parts = klass.grade(grader)
    at_once = klass.grade(grader, klass.folder / "other.sqlite")
    assert [timeless(result) for result in in_parts] == [timeless(result) for result in at_once]


def timeless(result: Result) -> Result:
    return msgspec.structs.replace(result, graded_at="", seconds=0)


SUBMISSIONS = {
    "random": {"utils": "import random, numpy\ndef pad_sents(sents, pad_token): return [[random.random(), 3]]\n"},
    "wrong": {"utils": "def pad_sents(sents, pad_token): return [sent + [pad_token] for sent in sents]\n"},
    "raises": {"utils": "def pad_sents(sents, pad_token): print('hm'); raise ValueError(sents)\n"},
    "dies": {"utils": "import os\ndef pad_sents(sents, pad_token): os._exit(len(sents))\n"},
    "broken": {"nmt_model": "import nothing_of_that_name\n", "model_embeddings": "1 +\n"},
    "right": {},
}


def test_a_seed_gives_the_same_exports_whatever_the_jobs(isolation: Isolation, klass: Class) -> None:
    for name, files in SUBMISSIONS.items():
        klass.add(name, **files)
    model = klass.reference["nmt_model.py"]
    swapped = model.replace("(last_hidden[0], last_hidden[1])", "(last_hidden[1], last_hidden[0])")
    assert swapped != model
    klass.add("swapped", nmt_model=swapped)
    plan = make_plan(load_assignment("a4"), ["1a", "1b", "1d"], 7)

    def graded(jobs: int) -> list[Result]:
        with GradingRun(plan, isolation, jobs) as grader:
            return [timeless(r) for r in klass.grade(grader, klass.folder / f"{jobs}.sqlite")]

    one, two = graded(1), graded(2)
    for mine, other in zip(one, two, strict=True):
        assert mine == other
        assert results_json(mine) == results_json(other)
    for export in gradebook_csv, report_html, junit_xml:
        assert export(one).encode() == export(two).encode()


Kill = Callable[[Zygote], None]


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Zygote, str, int], bool]], list[int]]:
    """Return a function that has zygotes killed when `when(zygote, submission's name, questions done)` says so."""
    killed: list[int] = []

    def arrange(when: Callable[[Zygote, str, int], bool]) -> list[int]:
        def grade(plan: Plan, submission: Any, zygote: Zygote, reference: Any, signature: Any, tell: Any) -> Result:
            count = 0

            def tell_and_kill(result: Result) -> None:
                nonlocal count
                if when(zygote, submission.name, count):
                    killed.append(process_of(zygote))
                    os.kill(killed[-1], signal.SIGKILL)
                count += 1
                tell(result)

            return graders.grading.submission.grade(plan, submission, zygote, reference, signature, tell_and_kill)

        monkeypatch.setattr("graders.grading.grader.grade", grade)
        return killed

    return arrange


def test_a_zygote_that_dies_is_replaced_and_the_submission_graded(
    grader: GradingRun, klass: Class, killing: Any
) -> None:
    klass.add("anna")
    klass.add("leo")
    killed = killing(lambda zygote, name, count: count == 1 and not killed)
    results = klass.grade(grader)
    assert len(killed) == 1
    assert points(results) == [5, 5]
    assert grader.failures == {}


def test_a_submission_whose_zygotes_die_is_a_row_and_is_tried_again_next_time(
    grader: GradingRun, klass: Class, killing: Any
) -> None:
    klass.add("anna")
    klass.add("leo")
    killed = killing(lambda zygote, name, count: name == "anna" and count == 1)
    anna, leo = klass.grade(grader)
    assert len(killed) == 2
    assert (anna.points, leo.points) == (0, 5)
    assert first_message(anna) == "could not be graded: a zygote died: it gave no reason"
    assert grader.failures == {"anna": anna}
    assert klass.kept() == ["leo"]

    killing(lambda zygote, name, count: False)
    assert points(klass.grade(grader)) == [5, 5]
    assert klass.kept() == ["anna", "leo"]


def test_the_reference_is_gone_before_the_first_submission(
    grader: GradingRun, klass: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it never starts again where a submission is: what is not foreseen is answered in another sandbox."""
    events: list[tuple[str, Path, bool]] = []
    fork, reap = Zygote.fork, Zygote.reap
    answers = klass.reference["utils.py"].encode()

    def forked(self: Zygote, files: Mapping[str, bytes], seconds: float) -> WorkerHandle:
        worker = fork(self, files, seconds)
        if len(files) > 1:  # else a test tries whether a zygote can be lent again
            events.append(("fork", worker.folder, files["utils.py"] == answers))
        return worker

    def reaped(self: Zygote, worker: WorkerHandle) -> dict[str, Any]:
        usage = reap(self, worker)
        assert not worker.folder.exists()
        if ("fork", worker.folder) in [event[:2] for event in events]:
            events.append(("reap", worker.folder, False))
        return usage

    monkeypatch.setattr(Zygote, "fork", forked)
    monkeypatch.setattr(Zygote, "reap", reaped)
    klass.add("anna", **SUBMISSIONS["wrong"])
    assert points(klass.grade(grader)) == [3]
    [zygote] = {folder.parent for what, folder, reference in events[1:] if not reference}
    (_, first, is_reference), second, *_ = events
    assert is_reference
    assert (first.parent, second) == (zygote, ("reap", first, False))
    assert {folder.parent == zygote for what, folder, reference in events[2:] if reference} == {False}


def test_the_reference_answers_once_whatever_the_jobs(
    isolation: Isolation, klass: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []
    prepare = Reference.prepare
    monkeypatch.setattr(Reference, "prepare", lambda self, zygote: prepared.append(prepare(self, zygote)))
    monkeypatch.setattr(Reference, "ask", None)
    monkeypatch.setattr(Reference, "_ask", None)  # what right answers are compared with is all foreseen
    for name in ("anna", "leo", "mia"):
        klass.add(name)
    with GradingRun(make_plan(load_assignment("a4"), ["1a", "1b"], 1), isolation, 2) as grader:
        assert points(klass.grade(grader)) == [5, 5, 5]
        klass.add("zoe")
        klass.grade(grader)
    assert len(prepared) == 1


def test_only_as_many_zygotes_start_as_there_are_submissions_to_grade(
    short: Plan, isolation: Isolation, klass: Class
) -> None:
    klass.add("anna")
    klass.add("leo")
    with GradingRun(short, isolation, 3) as grader:
        klass.grade(grader)
        assert grader.grader._zygotes.qsize() == 2
    klass.add("mia")
    with GradingRun(short, isolation, 3) as grader:
        klass.grade(grader)
        assert grader.grader._zygotes.qsize() == 1


def test_a_check_that_the_reference_does_not_pass_ends_the_run_before_the_class_is_touched(
    short: Plan, isolation: Isolation, klass: Class
) -> None:
    def broken(run: Any, expect: Any, case: Any) -> None:
        """It is right."""
        run(pad, case)
        raise CheckFailed("the answer is wrong")

    klass.add("anna")
    checks = {**short.checks, "1b": (Checks("1b")(SENTENCES)(broken),)}
    plan = make_plan(load_assignment("a4"), ["1a", "1b"], 1)
    vars(plan)["checks"] = checks
    with GradingRun(plan, isolation, 1) as grader, pytest.raises(RunFailed) as error:
        klass.grade(grader)
    assert str(error.value) == (
        "the check broken() of question 1b is broken: the reference itself does not pass it: the answer is wrong"
    )
    assert (klass.told, klass.done, klass.kept()) == ([], [], [])


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ("1 / 0", "this check cannot judge an answer of this kind"),
        ("raise CheckFailed('it does not hold')", "it does not hold"),
    ],
)
def test_a_property_that_the_reference_lacks_ends_the_run_before_a_mark_is_given(
    short: Plan, isolation: Isolation, klass: Class, slip: str, said: str
) -> None:
    def broken(run: Any, case: Any) -> None:
        """It holds."""
        run(pad, case)
        exec(slip)

    klass.add("anna")
    plan = make_plan(load_assignment("a4"), ["1a"], 1)
    assert SENTENCES in plan.cases
    vars(plan)["checks"] = {"1a": (*plan.checks["1a"], Checks("1a")(SENTENCES)(broken))}
    with GradingRun(plan, isolation, 1) as grader, pytest.raises(RunFailed) as error:
        klass.grade(grader)
    assert str(error.value) == (
        f"the check broken() of question 1a is broken: the reference itself does not pass it: {said}"
    )
    assert klass.kept() == []


@pytest.mark.parametrize("wrong", ["missing", "another", "malformed"])
def test_a_stale_recording_ends_the_run_before_the_class_is_touched(
    short: Plan, isolation: Isolation, klass: Class, wrong: str
) -> None:
    klass.add("anna")
    plan = make_plan(load_assignment("a4"), ["1a"], 1)
    right = dict(plan.recordings.right)
    key = key_of(pad, fixed_cases(SENTENCES)[1])
    answer = right.pop(key)
    if wrong == "another":
        right[key] = [answer[0][:-1], answer[1]]
    if wrong == "malformed":
        right[key] = answer[:1]
    vars(plan)["recordings"] = Recordings(right, {})
    with GradingRun(plan, isolation, 1) as grader, pytest.raises(RunFailed) as error:
        klass.grade(grader)
    assert str(error.value) == (
        f"{recording_path('a4')}: stale: of question 1a it does not hold the reference's answer to pad: "
        "run `trivium record a4`"
    )
    assert (klass.told, klass.done, klass.kept()) == ([], [], [])


@pytest.mark.parametrize("legacy", [False, True])
def test_masks_of_bytes_pass_where_legacy_files_are_taken(klass: Class, isolation: Isolation, legacy: bool) -> None:
    assignment = load_assignment("a4")
    klass.add("anna", nmt_model=klass.reference["nmt_model.py"].replace("enc_masks.bool()", "enc_masks.byte()"))
    assignment = replace(assignment, manifest=msgspec.structs.replace(assignment.manifest, legacy=legacy))
    with GradingRun(make_plan(assignment, ["1e", "1f"], 1), isolation, 1) as grader:
        [result] = klass.grade(grader)
    assert result.points == (18 if legacy else 8)


def test_a_right_answer_of_any_kind_needs_no_live_reference(klass: Class, isolation: Isolation) -> None:
    assignment = load_assignment("a4")
    variants = {variant.id: variant.files for variant in load_variants(assignment)}
    for id in ("without-convolution", "state-before-attention", "einsum"):
        klass.add(id, **{name.removesuffix(".py"): text for name, text in variants[id].items()})
    with GradingRun(make_plan(assignment, [], 1), isolation, 1) as grader:
        assert [result.points for result in klass.grade(grader)] == [40, 40, 40]
        assert grader.grader._reference._live is None


def test_a_live_reference_that_dies_is_started_again(grader: GradingRun, klass: Class) -> None:
    klass.add("anna", **SUBMISSIONS["wrong"])  # its failing case is shrunk, with the live reference
    klass.add("leo")
    expected = points(klass.grade(grader))
    live = grader.grader._reference._live
    assert live is not None
    os.kill(process_of(live.zygote), signal.SIGKILL)
    (klass.folder / "anna" / "utils.py").write_text(SUBMISSIONS["wrong"]["utils"] + "# again\n")
    assert points(klass.grade(grader)) == expected
    assert grader.failures == {}
    assert grader.grader._reference._live not in (None, live)


def test_a_mistake_in_a_check_costs_no_other_submission(
    grader: GradingRun, klass: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that `judge` does not turn into a verdict."""
    klass.add("anna")
    klass.add("leo")
    klass.add("mia")
    real, asked = graders.grading.submission.judge_question, []

    def judge_question(*args: Any) -> Any:
        asked.append(args)
        if len(asked) == 3:  # leo's first question
            raise ZeroDivisionError("hidden value 42")
        return real(*args)

    monkeypatch.setattr("graders.grading.submission.judge_question", judge_question)
    results = klass.grade(grader)
    assert points(results) == [5, 0, 5]
    said = first_message(results[1])
    assert said.startswith("could not be graded: the grader failed: ZeroDivisionError in test_grader.py, line ")
    assert "hidden value 42" not in said
    assert "hidden value 42" in results[1].questions[0].verdicts[0].detail
    assert grader.failures == {"leo": results[1]}
    assert klass.kept() == ["anna", "mia"]


def test_an_interrupted_class_keeps_what_is_graded_and_starts_no_other(grader: GradingRun, klass: Class) -> None:
    for name in ("anna", "leo", "mia"):
        klass.add(name)

    def interrupt(result: Result, known: bool) -> None:
        raise KeyboardInterrupt

    with Gradebook(klass.folder / "book.sqlite") as book, pytest.raises(KeyboardInterrupt):
        grader.grade_all(klass.found, book, klass.told.append, interrupt)
    assert klass.kept() == ["anna"]
    assert "mia" not in {result.submission for result in klass.told}
    assert grader.grader._zygotes.qsize() == 1


def test_an_engine_that_cannot_start_says_why_and_leaves_nothing(
    short: Plan, isolation: Isolation, klass: Class
) -> None:
    before = descriptors()
    with pytest.MonkeyPatch.context() as patch:
        made: list[Zygote] = []

        def start(profile: Profile, isolation: Isolation) -> Zygote:
            made.append(Zygote(replace(profile, assignment="nope"), isolation))
            return made[-1]

        patch.setattr("graders.grading.grader.Zygote", start)
        patch.setattr("graders.grading.reference.Zygote", start)
        with (
            GradingRun(short, isolation, 2) as grader,
            pytest.raises(RunFailed, match=r"^the sandbox did not start: ModuleNotFoundError: "),
        ):
            klass.add("anna")
            klass.grade(grader)
    assert len(made) == 1
    assert not any(zygote.alive() or zygote.scratch.exists() for zygote in made)
    assert descriptors() == before


def test_a_class_leaves_nothing_open_and_nothing_on_disk(
    grader: GradingRun, klass: Class, free_zygotes: list[LentZygote]
) -> None:
    klass.add("anna", **SUBMISSIONS["wrong"])  # so that the live reference is started
    klass.grade(grader)
    before, threads = descriptors(), threading.active_count()
    for number in range(20):
        klass.add(f"s{number}", **SUBMISSIONS[["random", "wrong", "raises", "dies", "broken"][number % 5]])
    klass.grade(grader)
    zygote = grader.grader._zygotes.get()
    grader.grader._zygotes.put(zygote)
    assert descriptors() == before
    assert threading.active_count() == threads
    assert [path.name for path in zygote.scratch.iterdir()] == ["errors"]


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.slow
def test_memory_stays_flat_over_a_large_class(grader: GradingRun, klass: Class) -> None:
    """From the 50th to the 200th submission: a few kB each for its result, none in the zygote."""
    for number in range(200):
        klass.add(f"s{number}", **SUBMISSIONS[["random", "wrong", "raises", "dies", "right"][number % 5]])
    everyone = klass.paths
    grader.grader.prepare()
    zygote = grader.grader._zygotes.get()
    grader.grader._zygotes.put(zygote)
    sizes = []
    for klass.paths in everyone[:50], everyone:
        klass.grade(grader)
        sizes.append((resident_mb(os.getpid()), resident_mb(process_of(zygote))))
    (here, there), (here_later, there_later) = sizes
    assert here_later - here < 30
    assert there_later - there < 3


def test_a_verdict_of_a_dead_worker_is_could_not_run(grader: GradingRun, klass: Class) -> None:
    klass.add("dies", **SUBMISSIONS["dies"])
    [result] = klass.grade(grader)
    assert {verdict.outcome for verdict in result.questions[0].verdicts} == {Outcome.COULD_NOT_RUN}
    assert result.questions[1].points == 3


def test_exports_of_an_engine_name_its_versions(grader: GradingRun, klass: Class) -> None:
    klass.add("anna")
    [result] = klass.grade(grader)
    assert sorted(result.signature.versions) == ["numpy", "python", "sentencepiece", "torch", "trivium"]
    assert result.signature.seed == 1
    shutil.rmtree(klass.folder)
