"""The grader's side of a submission's workers: answers, limits, deaths, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from textwrap import indent
from typing import Any

import numpy as np
import pytest

from graders.course.assignment import load_assignment
from graders.sandbox.captured_output import MAX_PRINTED
from graders.sandbox.isolation import Isolation
from graders.sandbox.profile import Profile
from graders.sandbox.requests import Calls
from graders.sandbox.session import Session
from graders.sandbox.zygote import Zygote
from sanity.a4.batches import BATCHES
from sanity.a4.embeddings import embeddings
from sanity.a4.padding import SENTENCES, pad
from sanity.core.case import Case
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.manifest import Manifest

CASE = SENTENCES.case(count=3, longest=4)
RIGHT = "longest = max(map(len, sents))\nreturn [sent + [pad_token] * (longest - len(sent)) for sent in sents]"


def utils(body: str, before: str = "") -> dict[str, bytes]:
    """Return a submission whose pad_sents() has this body, with these lines before it."""
    return {"utils.py": f"{before}\ndef pad_sents(sents, pad_token):\n{indent(body, '    ')}\n".encode()}


@contextmanager
def opened(zygote: Zygote, files: Mapping[str, bytes], seconds: float = 10) -> Iterator[Session]:
    with Session(zygote, files) as session:
        session.begin("utils", seconds)
        yield session


def returned(session: Session, case: Case = CASE) -> Any:
    """Return what pad_sents() returned."""
    return session(pad, case)["padded"]


def problem(session: Session, case: Case = CASE) -> str:
    with pytest.raises(CouldNotRun) as error:
        session(pad, case)
    return error.value.message


def test_a_submission_answers(zygote: Zygote) -> None:
    longest = max(map(len, CASE.sents))
    with opened(zygote, utils(RIGHT)) as session:
        answers = session(pad, CASE)
    assert answers["padded"] == [sent + ["<pad>"] * (longest - len(sent)) for sent in CASE.sents]
    assert answers["sents after the call"] == CASE.sents


def test_one_worker_answers_all_until_it_is_ended(zygote: Zygote) -> None:
    with opened(zygote, utils("import os\nreturn os.getpid()")) as session:
        assert session.unused
        first = returned(session)
        assert not session.unused
        session.begin("utils", 10)
        assert returned(session) == first
        session.end()
        assert session.unused
        assert returned(session) != first


def test_a_worker_collects_garbage_though_its_zygote_imports_without(zygote: Zygote) -> None:
    with opened(zygote, utils("import gc\nreturn gc.isenabled()")) as session:
        assert returned(session) is True


def calls(*cases: Case) -> Calls:
    made = Calls.of([(pad, case) for case in cases])
    assert made is not None
    return made


CASES = tuple(SENTENCES.case(count=count, numbers=numbers) for count in (1, 2, 5) for numbers in (0, 1))


def test_many_questions_at_once_are_answered_as_one_by_one(zygote: Zygote) -> None:
    with opened(zygote, utils(RIGHT)) as session:
        assert session.ask_all(calls(*CASES)).answers == {(pad.name, case.digest): session(pad, case) for case in CASES}


def test_the_same_answers_have_the_same_digest_and_are_not_looked_at_where_it_is_known(zygote: Zygote) -> None:
    other = RIGHT.replace("longest -", "longest + 1 -")
    replies = []
    for body in (RIGHT, RIGHT, other):
        with opened(zygote, utils(body)) as session:
            replies.append(session.ask_all(calls(*CASES)))
            if body == RIGHT:
                again = session.ask_all(calls(*CASES), {replies[0].digest})
                assert (again.digest, again.answers) == (replies[0].digest, {})
            else:
                assert session.ask_all(calls(*CASES), {replies[0].digest}) == replies[2]
    assert replies[0] == replies[1]
    assert replies[0].digest != replies[2].digest


def test_of_many_questions_those_that_raise_are_left_out(zygote: Zygote) -> None:
    with opened(zygote, utils("if pad_token == 0:\n    raise KeyError\n" + RIGHT)) as session:
        answered = session.ask_all(calls(*CASES)).answers
        assert set(answered) == {(pad.name, case.digest) for case in CASES if case.pad_token != 0}
        assert not session.unused  # the worker lives


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while True: pass", "answering many calls at once took too long: this question has 1 s"),
        ("import os; os._exit(0)", "answering many calls at once ended the process instead of returning"),
        ("return [['x' * 3_000_000]]", "answering many calls at once raised ValueError"),
    ],
)
def test_of_many_questions_one_that_ends_the_worker_ends_all(zygote: Zygote, body: str, said: str) -> None:
    with opened(zygote, utils(f"if pad_token == 0:\n    {body}\n{RIGHT}"), seconds=1) as session:
        with pytest.raises(CouldNotRun) as error:
            session.ask_all(calls(*CASES))
        assert error.value.message == said


def test_of_many_questions_one_answered_in_another_form_is_a_wrong_answer(zygote: Zygote) -> None:
    three = Calls.of([(replace(pad, form=("one", "two", "three")), CASE)])
    assert three is not None
    with opened(zygote, utils("return []")) as session, pytest.raises(CheckFailed):
        session.ask_all(three)


def test_replies_that_are_no_list_of_lists_break_the_protocol(zygote: Zygote) -> None:
    forged = "import sys\nsys.modules['graders.sandbox.inside.worker'].ask_all = lambda *_: [None]"
    with opened(zygote, utils(RIGHT, before=forged)) as session:
        returned(session)
        with pytest.raises(CouldNotRun) as error:
            session.ask_all(calls(*CASES))
    assert error.value.message == "answering many calls at once broke the protocol"


def test_an_answer_of_another_form_is_a_wrong_answer(zygote: Zygote) -> None:
    three = replace(pad, form=("one", "two", "three"))
    with opened(zygote, utils("return []")) as session, pytest.raises(CheckFailed) as failed:
        session(three, CASE)
    assert failed.value.message == "pad_sents() returned 2 values, expected 3: one, two, three"


def test_what_a_submission_raises_is_told_without_its_own_words(zygote: Zygote) -> None:
    with opened(zygote, utils("raise KeyError('words of its own')")) as session, pytest.raises(CouldNotRun) as error:
        session(pad, CASE)
    assert error.value.message == "pad_sents() raised KeyError in utils.py, line 3"
    assert "words of its own" in error.value.detail


def test_a_question_has_a_time_limit_and_the_next_one_its_own(zygote: Zygote) -> None:
    with opened(zygote, utils("while pad_token == 0: pass\nreturn []"), seconds=0.5) as session:
        assert returned(session) == []
        assert problem(session, SENTENCES.case(numbers=1)) == "pad_sents() took too long: this question has 0.5 s"
        assert problem(session) == "not run: earlier checks used up this question's time or workers"
        session.begin("utils", 10)
        assert returned(session) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import os; os._exit(0)", "pad_sents() ended the process instead of returning"),
        ("import ctypes; ctypes.string_at(0)", "pad_sents() died: signal 11, Segmentation fault"),
        ("import os; os.abort()", "pad_sents() died: signal 6, Aborted"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "pad_sents() died: signal 9, Killed"),
    ],
)
def test_a_worker_that_dies_takes_no_other_check_with_it(zygote: Zygote, body: str, said: str) -> None:
    with opened(zygote, utils(f"if pad_token == 0:\n    {body}\nreturn []")) as session:
        assert problem(session, SENTENCES.case(numbers=1)) == said
        assert returned(session) == []


SOCKET = """
import gc, os, signal, socket, time
def channel():
    return next(o for o in gc.get_objects() if isinstance(o, socket.socket) and o.fileno() >= 0)
"""
OUT_OF_BAND = "channel().send(b'!', socket.MSG_OOB)"
CLOSED = "broke the protocol: it closed its connection"
TALK = [
    (f"{OUT_OF_BAND}; time.sleep(9)", "took too long: this question has 0.5 s"),
    (f"channel().send(bytes(2)); {OUT_OF_BAND}; time.sleep(9)", "took too long: this question has 0.5 s"),
    (f"{OUT_OF_BAND}; os._exit(0)", "ended the process instead of returning"),
    (f"channel().send(bytes(2)); {OUT_OF_BAND}; os._exit(0)", "ended the process instead of returning"),
    ("channel().close(); time.sleep(9)", CLOSED),
    ("channel().shutdown(socket.SHUT_WR); time.sleep(9)", CLOSED),
    (f"{OUT_OF_BAND}; channel().shutdown(socket.SHUT_RDWR); time.sleep(9)", CLOSED),
    ("os.kill(os.getpid(), signal.SIGSTOP)", "took too long: this question has 0.5 s"),
    ("os.kill(os.getpid(), 42)", "died of a signal"),
]
"""What a submission may do with its connection, and what is said of it."""


@pytest.fixture(scope="module")
def without_walls(manifest: Manifest) -> Iterator[Zygote]:
    """The walls refuse bytes out of band. Sessions must bear them, too."""
    with Zygote(Profile.answering(manifest), Isolation.NONE) as zygote:
        yield zygote


@pytest.mark.slow
@pytest.mark.parametrize("way", ["a call", "many calls", "an import"])
@pytest.mark.parametrize(("body", "said"), TALK, ids=[body for body, _ in TALK])
def test_what_a_submission_does_with_its_connection_is_its_questions_verdict(
    without_walls: Zygote, way: str, body: str, said: str
) -> None:
    files = utils(body, SOCKET)
    if way == "an import":
        files = {"utils.py": f"{SOCKET}\n{body}\n".encode()}
    with (
        opened(without_walls, files, seconds=5 if said == CLOSED else 0.5) as session,
        pytest.raises(CouldNotRun) as error,
    ):
        session.ask_all(calls(CASE)) if way == "many calls" else session(pad, CASE)
    what = {"a call": "pad_sents()", "many calls": "answering many calls at once", "an import": "importing utils.py"}
    assert error.value.message == f"{what[way]} {said}"


@pytest.mark.parametrize("before", ["", OUT_OF_BAND])
def test_a_byte_out_of_band_is_no_part_of_an_answer(without_walls: Zygote, before: str) -> None:
    """Nor does it end one: it is never received."""
    with opened(without_walls, utils(f"{OUT_OF_BAND}\n{RIGHT}", f"{SOCKET}\n{before}")) as session:
        longest = max(map(len, CASE.sents))
        for _ in range(3):
            assert returned(session) == [sent + ["<pad>"] * (longest - len(sent)) for sent in CASE.sents]


def test_which_of_several_modules_raised_is_not_told(zygote: Zygote) -> None:
    """It could be the one that a submission has for what the case holds."""
    files = {f"{name}.py": b"def f(): raise BlockingIOError\n" for name in ("left", "right")}
    with opened(zygote, {**utils("left.f()", "import left, right"), **files}) as session:
        assert problem(session) == "pad_sents() raised OSError in a module of yours, line 1"


def test_a_question_has_three_workers(zygote: Zygote) -> None:
    with opened(zygote, utils("import os; os._exit(0)")) as session:
        said = [problem(session) for _ in range(4)]
    assert said[:3] == ["pad_sents() ended the process instead of returning"] * 3
    assert said[3] == "not run: earlier checks used up this question's time or workers"


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ("import os; os._exit(0)", "ended the process instead of returning"),
        ("import os; os.abort()", "died: signal 6, Aborted"),
    ],
)
def test_a_module_that_cannot_be_imported_is_tried_once(zygote: Zygote, fails: str, said: str) -> None:
    with opened(zygote, {"utils.py": f"print('imported', flush=True)\n{fails}".encode()}) as session:
        assert {problem(session) for _ in range(5)} == {f"importing utils.py {said}"}
        session.end()
        assert session.printed == "imported\n"
        session.begin("utils", 10)
        assert problem(session) == f"importing utils.py {said}"
        assert session.printed == ""


@pytest.mark.parametrize(
    "fails",
    [
        *("raise ValueError", "import nothing_of_that_name", "import sys; sys.exit()", "while True: pass"),
        "import time; time.sleep(60)",
    ],
)
def test_a_statement_that_fails_or_stalls_takes_nothing_with_it(zygote: Zygote, fails: str) -> None:
    answer = b"def pad_sents(sents, pad_token):\n    return []\n"
    with opened(zygote, {"utils.py": f"{fails}\n".encode() + answer}) as session:
        assert returned(session) == []
        assert session.printed.startswith("note: utils.py, line 1: failed: ")


def test_a_file_that_is_not_python_is_said_to_be(zygote: Zygote) -> None:
    with opened(zygote, {"utils.py": b"x = 1\nif:\n"}) as session:
        assert problem(session) == "utils.py is not valid Python: SyntaxError at line 2"


@pytest.mark.parametrize("crowded", ["while True: pass", "import os; os._exit(0)"])
def test_a_module_that_cannot_be_imported_beside_others_is_tried_alone(
    zygote: Zygote, manifest: Manifest, reference_files: dict[str, str], crowded: str
) -> None:
    before = f"import sys\nif 'utils' in sys.modules:\n    {crowded}\n"
    files = {name: text.encode() for name, text in reference_files.items()}
    files["model_embeddings.py"] = before.encode() + files["model_embeddings.py"]
    with opened(zygote, {**files, **load_assignment("a4").given}) as session:
        returned(session)
        session.begin("model_embeddings", 0.5)
        with pytest.raises(CouldNotRun, match=r"^importing model_embeddings\.py "):
            session(embeddings, BATCHES.case())
        session.end()
        session.begin("model_embeddings", 10)
        assert session(embeddings, BATCHES.case())["shared"] is False


def test_what_is_printed_is_kept_safe_to_show(zygote: Zygote) -> None:
    body = "import sys\nprint('\\x1b[31mred\\x1b[0m', flush=True)\nprint('err\\0or', file=sys.stderr)\nreturn []"
    with opened(zygote, utils(body)) as session:
        returned(session)
        session.end()
        assert session.printed == "red\nerror\n"
        session.begin("utils", 10)
        assert session.printed == ""


def test_what_is_shown_does_not_depend_on_where_it_ran(zygote: Zygote) -> None:
    body = "import warnings\nwarnings.warn('odd')\nraise ValueError(__file__)"
    with opened(zygote, utils(body)) as session, pytest.raises(CouldNotRun) as error:
        session(pad, CASE)
    session.end()
    assert session.printed == "utils.py:4: UserWarning: odd\n  warnings.warn('odd')\n"
    assert error.value.detail.startswith('  File "utils.py", line 5, in pad_sents\n')
    assert error.value.detail.endswith("\nValueError: utils.py")


def test_the_head_and_the_tail_of_a_flood_are_kept(zygote: Zygote) -> None:
    body = "print('first')\nfor i in range(100_000): print('x' * 50)\nprint('last')\nreturn []"
    with opened(zygote, utils(body)) as session:
        returned(session)
        session.end()
        head, tail = session.printed.split("\n[...]\n")
    assert (len(head), len(tail)) == (MAX_PRINTED, MAX_PRINTED)
    assert head.startswith("first\nxxx")
    assert tail.endswith("xxx\nlast\n")


def test_a_worker_that_closes_its_output_goes_on(zygote: Zygote) -> None:
    with opened(zygote, utils("return []", before="import os\nfor fd in 1, 2: os.close(fd)")) as session:
        assert returned(session) == []
        assert returned(session) == []


def test_a_worker_has_limits(zygote: Zygote) -> None:
    def error(body: str) -> str:
        with opened(zygote, utils(body)) as session:
            return problem(session)

    assert error("bytearray(10**11)") == "pad_sents() raised MemoryError in utils.py, line 3"
    assert error("open('big', 'wb').write(bytes(17 * 2**20))") == "pad_sents() raised OSError in utils.py, line 3"
    assert error("return [open(f'f{i}', 'w') for i in range(200)]") == "pad_sents() raised OSError in utils.py, line 3"
    wrote = "import time\nfor i in range(6): open(f'f{i}', 'wb').write(bytes(15 * 2**20))\ntime.sleep(5)"
    assert error(wrote) == "pad_sents() wrote more than 64 MB of files"


def test_an_answer_that_is_too_large_is_an_error(zygote: Zygote) -> None:
    with opened(zygote, utils("import numpy\nreturn numpy.zeros(10**6)")) as session:
        assert problem(session) == "pad_sents() raised ValueError"
    with opened(zygote, utils("return 2**100")) as session:
        assert problem(session) == "pad_sents() raised ValueError"


def test_files_that_come_and_go_while_they_are_measured_do_no_harm(zygote: Zygote) -> None:
    body = """
        import os, time
        end = time.monotonic() + 1
        while time.monotonic() < end:
            os.makedirs("a/b/c")
            open("a/b/c/d", "w").close()
            os.unlink("a/b/c/d"), os.removedirs("a/b/c")
        return []
        """
    with opened(zygote, utils(body.replace("\n        ", "\n"))) as session:
        assert returned(session) == []


DEEP = """
import os, time
for i in range(3000):
    os.mkdir("d")
    os.chdir("d")
time.sleep(1)
return []
"""


@pytest.mark.parametrize(
    "body",
    [
        "open('left', 'w').close()\nreturn []",
        "import os\nos.mkdir('a')\nos.mkdir('a/locked', 0)\nos.symlink('/usr', 'usr')\nreturn []",
        DEEP,
    ],
)
def test_nothing_is_left_of_a_worker(zygote: Zygote, body: str) -> None:
    with opened(zygote, utils(body)) as session:
        if body == DEEP:
            assert problem(session).startswith("pad_sents() nested folders too deeply")
        else:
            returned(session)
    assert [path.name for path in zygote.scratch.iterdir()] == ["errors"]


OPEN_FILES = """
import os
count = 0
for number in range(128):
    try:
        os.fstat(number)
        count += 1
    except OSError:
        pass
return count
"""


def test_fifty_forks_leave_no_descriptor_open(zygote: Zygote) -> None:
    """A worker inherits what its zygote has open: it sees a leak there."""

    def open_in_worker() -> Any:
        with opened(zygote, utils(OPEN_FILES)) as session:
            return returned(session)

    there, here = open_in_worker(), len(list(Path("/proc/self/fd").iterdir()))
    assert [open_in_worker() for _ in range(50)] == [there] * 50
    assert len(list(Path("/proc/self/fd").iterdir())) == here


def test_a_submission_draws_the_same_numbers_in_every_run(zygote: Zygote) -> None:
    body = "import numpy, random, torch\nreturn [random.random(), numpy.random.rand(), torch.rand(1).item()]"
    with opened(zygote, utils(body)) as session:
        drawn = returned(session)
        session.end()
        assert returned(session) == drawn
    assert drawn[:2] == [Random(0).random(), np.random.RandomState(0).rand()]
