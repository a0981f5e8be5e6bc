"""Calling a submission: `ask` runs beside its code, `answers_of` where the reply is judged."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sanity.core.case import Case
from sanity.core.disclosure import kind_text, place_text, source_of
from sanity.core.errors import NOT_IMPLEMENTED, CouldNotRun
from sanity.core.forms import unpack
from sanity.core.import_advice import import_advice
from sanity.core.known_errors import Known, advice
from sanity.core.probe import Answers, Probe
from sanity.core.submission_modules import SubmissionModules, place_in
from sanity.core.values import plain

MAX_TEXT = 2000
"""Characters kept of an error text or a traceback."""
NOT_RUN = "nothing that has run defines"
"""What is said, before its name, of a function that a session does not have."""


@dataclass(frozen=True)
class SubmissionError:
    """An exception raised in a submission, as plain data."""

    type: str
    text: str
    file: str
    """The name of the innermost file of the submission in the traceback, or ""."""
    line: int
    trace: str
    """The traceback, without the frames that are not the submission's."""


def ask(probe: Probe, code: SubmissionModules, case: Case) -> Any:
    """Call a probe; return its answer as plain data, or the SubmissionError that came out."""
    try:
        return plain(probe.function(code, case))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: nothing that a submission raises may end the run
        return submission_error(error, code.folder, code.place)


def submission_error(error: BaseException, folder: Path, place: Callable[[str], str] | None = None) -> SubmissionError:
    """Describe an exception; only frames of the submission are kept, and its folder's path is removed.

    Args:
        error: the exception.
        folder: the submission's.
        place: maps the file of a frame to what the submission calls it, "" if it is not the submission's; by default
            the name of a file in folder.
    """
    place = place or partial(place_in, folder)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if place(frame.filename)]
    name, text = type(error).__name__[:100], _text_of(error)
    listed = [frame if frame.filename.startswith(str(folder)) else _renamed(frame, place) for frame in frames]
    shown = "".join(traceback.format_list(listed)) + f"{name}: {text}"
    file, line = (place(frames[-1].filename), frames[-1].lineno or 0) if frames else ("", 0)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = Path(error.filename).name, error.lineno or 0
        shown = "".join(traceback.format_exception_only(error))
    shown = shown.replace(f"{folder}{os.sep}", "")
    return SubmissionError(name, text[:MAX_TEXT], file, line, shown[-MAX_TEXT:])


def _renamed(frame: traceback.FrameSummary, place: Callable[[str], str]) -> traceback.FrameSummary:
    """Return a frame of a cell under the name that a notebook shows, with its line of code."""
    return traceback.FrameSummary(place(frame.filename), frame.lineno, frame.name, line=frame.line)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the submission may have written __str__
        return ""


def answers_of(
    probe: Probe, reply: Any, files: Mapping[str, bytes], known: Known = (), named: Collection[str] | None = None
) -> Answers:
    """Return the outputs by name.

    Args:
        probe: the probe that was called.
        reply: what `ask` returned.
        files: the submission's files, contents by name; no other name is repeated in a message.
        known: the assignment's known errors.
        named: on a hidden case, the files that a message may name, see `sanity.core.disclosure`.

    Raises:
        CouldNotRun: the submission raised an exception.
        CheckFailed: the answer does not have the probe's form.
    """
    if isinstance(reply, SubmissionError):
        raise problem_of(reply, probe.what, files, known, named)
    return unpack(reply, probe.form, probe.what)


def problem_of(
    raised: SubmissionError,
    what: str,
    files: Mapping[str, bytes],
    known: Known = (),
    named: Collection[str] | None = None,
) -> CouldNotRun:
    """Return the problem that an exception stands for. The submission's own words go into the detail only.

    Args:
        raised: the exception.
        what: the function called, for the message.
        files: the submission's files, contents by name; no other name is repeated in the message.
        known: the assignment's known errors.
        named: on a hidden case, the files that the message may name, see `sanity.core.disclosure`; None elsewhere.
    """
    if raised.type == "NotImplementedError" and raised.text.endswith(NOT_IMPLEMENTED):
        return CouldNotRun(NOT_IMPLEMENTED, detail=raised.text)
    if raised.type == "NotebookError":
        return CouldNotRun("the notebook cannot be read: save it again in Jupyter", detail=raised.text)
    place, kind = place_text(raised.file, raised.line, files, named), kind_text(raised.type, named is not None)
    said = f"{what} raised {kind}{place and f' in {place}'}"
    if raised.type in ("SyntaxError", "IndentationError", "TabError") and place:
        file, _, line = place.rpartition(", line ") if ", line " in place else (place, "", "")
        said = f"{file} is not valid Python: {raised.type}{line and f' at line {line}'}"
    name = what.removesuffix("()")
    if raised.type == "AttributeError" and re.match(rf"module '\w+' has no attribute '{re.escape(name)}'", raised.text):
        said = f"{what} is not there: the file does not define it, or under another name"
    if named is None and raised.text == f"{NOT_RUN} {name}":
        return CouldNotRun(f"{what} is not there: run the cell that defines it; or has it another name?")
    text = raised.text[:500]  # not all: some of the patterns take a second to search a long one that was made for them
    hint = advice(raised.type, text, known)
    if not hint and raised.type in ("ImportError", "ModuleNotFoundError"):
        hint = import_advice(source_of(raised.file, files) or "", raised.line, text, files)
    return CouldNotRun(said, hint=hint, detail=raised.trace)


class LocalRun:
    """A Run in this process: for the student's own machine."""

    def __init__(
        self,
        code: SubmissionModules,
        files: Iterable[str],
        known: Known = (),
        in_memory: Mapping[str, bytes] | None = None,
    ) -> None:
        """Read the files.

        Args:
            code: the submission.
            files: its files.
            known: the assignment's known errors.
            in_memory: more texts by name, which are in no file, such as the cells of a notebook that runs.
        """
        self.code, self.known = code, known
        self.files = {**{name: (code.folder / name).read_bytes() for name in files}, **(in_memory or {})}

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Call the probe and return its outputs by name."""
        return answers_of(probe, ask(probe, self.code, case), self.files, self.known)
