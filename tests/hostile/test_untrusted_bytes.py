"""Whatever bytes a submission has, reading them ends in one line about that submission, and never in anything else."""

from __future__ import annotations

import io
import json
import socket
import struct
import sys
import tempfile
import zipfile
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graders.intake import submission as intake
from graders.intake.pack import PackError, read_source
from graders.intake.path_policy import IntakeError
from graders.intake.submission import found_at, read_class, read_submission
from graders.records.manual_marks import MarksError, read_marks
from graders.sandbox.inside.protocol import Answers, Failed, Finished, Progress, Ready, decode_message
from graders.sandbox.inside.protocol import frame as message_frame
from graders.sandbox.inside.wire import LENGTH, MAX_FRAME, Answer, Failure, WireError, decode_reply, encode
from graders.sandbox.requests import IncomingFrame
from sanity.core.calling import SubmissionError, problem_of
from sanity.core.manifest import Manifest, Question, QuestionLimits, WrittenQuestion
from sanity.core.notebook import NotebookError, cells_of, parse
from sanity.core.submission_modules import SubmissionModules
from tests.support.mutated import mutated

BOUNDED = settings(max_examples=150)
TOY = Manifest(
    name="toy",
    title="A toy",
    submit=("utils.py", "words.ipynb"),
    given=(),
    questions=(Question("1a", "One", 1, "utils.py"),),
    limits=QuestionLimits(1, 1),
    written=(WrittenQuestion("1b", "Why?", 2),),
)

SOURCE = (
    b'# -*- coding: utf-8 -*-\n"""A module."""\nimport os\n\n\ndef f(x):\n    return [x, {"a": (1, 2)}]  # \xc3\xa9\n'
)
CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": ["# Words"]},
    {"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": [], "source": ["%matplotlib inline\n", "1"]},
    {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": "def f(x):\n    return x"},
]
NOTEBOOK = json.dumps({"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
OLD_NOTEBOOK = json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]}).encode()
ENCODINGS = [b"rot13", b"hex", b"idna", b"punycode", b"undefined", b"utf-7", b"utf-16", b"unicode_escape", b"mbcs", b""]


def archive(compression: int, comment: bytes = b"") -> bytes:
    """A zip archive of a submission."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as packed:
        packed.comment = comment
        packed.writestr("hw/utils.py", SOURCE)
        packed.writestr("hw/words.ipynb", NOTEBOOK)
    return buffer.getvalue()


def zip64(offset: int) -> bytes:
    """An archive whose directory says that a file begins at this offset."""
    data = archive(zipfile.ZIP_STORED)
    entry = data.index(b"PK\x01\x02")
    name_size = struct.unpack_from("<H", data, entry + 28)[0]
    extra = struct.pack("<HHQ", 1, 8, offset)
    head = bytearray(data[: entry + 46 + name_size])
    struct.pack_into("<H", head, entry + 30, len(extra))
    struct.pack_into("<I", head, entry + 42, 2**32 - 1)
    rest = data[entry + 46 + name_size :]
    end = bytearray(rest)
    struct.pack_into("<I", end, rest.index(b"PK\x05\x06") + 12, len(rest) - 22 + 46 + name_size + len(extra))
    return bytes(head) + extra + bytes(end)


def one_line(error: BaseException) -> str:
    """Return an error's text, which must be one short line."""
    text = str(error)
    assert text and text.isprintable() and len(text) < 1500, text
    return text


ARCHIVES = (
    archive(zipfile.ZIP_STORED),
    archive(zipfile.ZIP_DEFLATED, b"a comment"),
    archive(zipfile.ZIP_BZIP2),
    archive(zipfile.ZIP_LZMA),
    zip64(2**63),
)


class TestSubmissions:
    """Archives and folders, as they come from a platform."""

    @BOUNDED
    @given(mutated(*ARCHIVES, words=[b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"]))
    @example(zip64(2**63))
    @example(zip64(2**64 - 1))
    def test_an_archive_is_read_or_refused_in_one_line(self, data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "ada.zip")
            path.write_bytes(data)
            try:
                read_submission(path, TOY)
            except IntakeError as error:
                assert one_line(error).startswith("ada.zip: ")

    def test_an_offset_of_more_than_there_are_numbers(self, tmp_path: Path) -> None:
        (tmp_path / "ada.zip").write_bytes(zip64(2**63))
        with pytest.raises(IntakeError, match=r"^ada\.zip: is a damaged or truncated zip archive; pack it and hand"):
            read_submission(tmp_path / "ada.zip", TOY)

    @pytest.mark.parametrize(
        "error", [OverflowError, struct.error, RecursionError, MemoryError, UnicodeError, KeyError]
    )
    def test_whatever_reading_raises_is_that_submissions_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def select(*args: object) -> None:
            raise error("text that\nis two lines")

        (tmp_path / "ada").mkdir()
        (tmp_path / "bob").mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(intake, "select_files", select)
            found = list(read_class([found_at(tmp_path / "ada"), found_at(tmp_path / "bob")], TOY))
        said = f"cannot be read: {error.__name__}; pack it and hand it in again"
        assert [problem for _, problem in found] == [said, said]


class TestSources:
    """Python files and notebooks."""

    @BOUNDED
    @given(
        mutated(SOURCE, words=[b"\0", b"(" * 50, b"[" * 50, b"9" * 500, b"\n%time ", b"\xff\xfe", b"\\u0000", b"'''"])
    )
    @example(b"(" * 100_000)
    @example(b"-" * 100_000 + b"1")
    @example(b"x = " + b"1+" * 100_000 + b"1")
    @example(b"x" + b".a" * 100_000)
    @example(b"\n" * 200 + b"!ls \\\n" * 200)
    def test_a_python_file_is_cells_or_a_syntax_error(self, source: bytes) -> None:
        read_cells_of("utils.py", source)

    @BOUNDED
    @given(st.sampled_from(ENCODINGS), mutated(SOURCE))
    def test_whatever_encoding_is_declared(self, encoding: bytes, source: bytes) -> None:
        read_cells_of("utils.py", b"# coding: " + encoding + b"\n" + source)

    @BOUNDED
    @given(
        mutated(NOTEBOOK, OLD_NOTEBOOK, words=[b"null", b"[", b"{", b"\\ud800", b"1e999", b"9" * 5000, b'"source": 1'])
    )
    @example(b"[" * 100_000)
    @example(b'{"cells": ' + b"[" * 100_000)
    @example(b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}')
    @example(b"\xff\xfe[\0")
    def test_a_notebook_is_cells_or_an_error_of_ours(self, source: bytes) -> None:
        read_cells_of("words.ipynb", source)

    @BOUNDED
    @given(mutated(SOURCE, words=[b"\0", b"import nothing_here\n", b"(" * 300, b"raise SystemExit\n"]))
    @example(b"# coding: rot13\nx = 1")
    def test_a_file_can_be_packed_or_is_refused_in_one_line(self, source: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in {"utils.py": source, "words.ipynb": NOTEBOOK.replace(b"# Words", source[:20])}.items():
                Path(folder, name).write_bytes(content)
                try:
                    read_source(Path(folder, name))
                except PackError as error:
                    one_line(error)


def read_cells_of(name: str, source: bytes) -> None:
    """Read a file as the worker and the student's own check do; what `parse` may raise is a cell that is not Python."""
    try:
        cells = cells_of(Path(name), source)
    except NotebookError as error:
        assert name in str(error)
        return
    except SyntaxError as error:
        assert error.filename == name
        return
    for cell in cells:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            parse(cell, lambda line, said: None)


ERROR = SubmissionError("ImportError", "No module named 'nltk'", "words.ipynb, cell 2", 1, "the trace")
REPLIES = tuple(
    encode(message)[LENGTH.size :]
    for message in (
        Answer(7, [1, -2.5, "text", None, True, {"a": [np.arange(6.0).reshape(2, 3), np.zeros((0, 2), np.float32)]}]),
        Answer(2**63 - 1, np.ones(3, bool)),
        Failure(1, ERROR),
    )
)
MESSAGES = tuple(
    message_frame(message)[LENGTH.size :]
    for message in (
        Ready("cpu", {"torch": "2.13"}),
        Progress(3, 1, 2.5, 12.0, 300.0),
        Answers(5, ["ein Satz", "zwei"]),
        Finished("converged"),
        Failed(ERROR),
    )
)
PACKED = [
    b"\xc1",
    b"\xc9\xff\xff\xff\xff",
    b"\xd6\xff\0\0\0\0",
    b"\xdd\xff\xff\xff\xff",
    b"\x91" * 40,
    b"\xdf\0\0\xff\xff",
]


class TestFrames:
    """What a worker or a trainer sends."""

    @BOUNDED
    @given(mutated(*REPLIES, words=PACKED))
    def test_a_reply_is_decoded_or_breaks_the_protocol(self, body: bytes) -> None:
        try:
            reply = decode_reply(body)
        except WireError as error:
            assert not any(char.isdigit() for char in one_line(error).replace(str(MAX_FRAME), "").replace("100000", ""))
            return
        if isinstance(reply, Failure):
            files = {"utils.py": SOURCE, "words.ipynb": NOTEBOOK, "other.py": b"\0", "more.py": b""}
            for named in (None, ["utils.py", "words.ipynb"]):
                one_line(problem_of(reply.raised, "f()", files, (), named))

    @BOUNDED
    @given(mutated(*MESSAGES, words=PACKED))
    def test_a_message_of_a_trainer_is_decoded_or_breaks_the_protocol(self, body: bytes) -> None:
        try:
            decode_message(body)
        except WireError as error:
            one_line(error)

    @BOUNDED
    @given(mutated(*(LENGTH.pack(len(body)) + body for body in REPLIES)), st.integers(0, 20))
    def test_a_frame_arrives_in_pieces_or_never(self, data: bytes, first: int) -> None:
        ours, theirs = socket.socketpair()
        with closing(ours), closing(theirs):
            ours.setblocking(False)
            frame = IncomingFrame()
            theirs.setblocking(False)
            try:
                for piece in (data[:first], data[first:60_000]):
                    theirs.sendall(piece)
                    if sys.platform == "linux":
                        theirs.send(b"!", socket.MSG_OOB)
                    frame.receive(ours)
            except WireError:
                return
            assert not frame.complete or len(frame.body) <= MAX_FRAME


NAMES = st.one_of(
    st.sampled_from(
        ["utils.py", "words.ipynb", "words.ipynb, cell 2", "utils.py, cell 1", "bad.py, cell 1", "bad.ipynb"]
    ),
    st.builds("words.ipynb, cell {}".format, st.integers(-3, 10**6)),
    st.text(max_size=20),
)


@BOUNDED
@given(
    st.builds(
        SubmissionError,
        st.sampled_from(
            ["ImportError", "SyntaxError", "AttributeError", "print", "int", "", "__import__", "a.b", "Own"]
        ),
        st.one_of(
            st.sampled_from(["No module named 'x'", "module 'utils' has no attribute 'f'"]), st.text(max_size=30)
        ),
        NAMES,
        st.integers(-(2**63), 2**64 - 1),
        st.text(max_size=5),
    ),
    mutated(SOURCE),
    mutated(NOTEBOOK),
)
@example(SubmissionError("ImportError", "x", "bad.py, cell 1", 1, ""), SOURCE, NOTEBOOK)
def test_any_exception_can_be_told(raised: SubmissionError, source: bytes, notebook: bytes) -> None:
    """Also one that names a file of the submission that cannot be read, or a cell of what has none."""
    files = {"utils.py": source, "words.ipynb": notebook, "bad.py": b"\0", "bad.ipynb": b"["}
    for named in (None, ["utils.py", "words.ipynb"]):
        one_line(problem_of(raised, "f()", files, (), named))


ROWS = b'student,question,points,comment\nada,1b,1.5,"well\nargued"\n\'=bob,1b,,\n'


@BOUNDED
@given(mutated(ROWS, words=[b"\0", b"\r", b'"', b";", b"\xff\xfe", b"1e999", b"nan", b"x" * 140_000]))
@example(ROWS + b'"' + b"x" * 200_000)
@example(b"student,question,points,comment\r\r\nada,1b,1,\0")
def test_marks_are_read_or_refused_in_one_line(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "marks.csv")
        path.write_bytes(data)
        try:
            read_marks(path, TOY)
        except MarksError as error:
            assert str(error).startswith(str(path))


@settings(max_examples=40)
@given(mutated(SOURCE, words=[b"\0", b"import nothing_here\n", b"raise SystemExit\n", b"(" * 300]), mutated(NOTEBOOK))
def test_a_students_own_check_imports_what_it_can(source: bytes, notebook: bytes) -> None:
    """On the student's machine, too, a file is a module, or an exception of a few kinds that `ask` takes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "utils.py").write_bytes(source)
        Path(folder, "words.ipynb").write_bytes(notebook)
        code = SubmissionModules(Path(folder), TOY.modules, seconds=1)
        try:
            for name in ("utils", "words"):
                with suppress(SyntaxError, NotebookError, ValueError, RecursionError, MemoryError):
                    getattr(code, name)
        finally:
            code.forget()
