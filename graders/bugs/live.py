"""Asking planted submissions, each in a process of its own. They are our own code: no sandbox stands around them."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from graders.bugs import Files
from graders.course import handout_folder
from sanity.asking import answers_of, ask
from sanity.case import Case
from sanity.check import Answers, Probe, load_probes
from sanity.code import Code
from sanity.manifest import read_manifest

_opened: list[tuple[str, Code]] = []
"""The one submission of a child process; always empty in the parent."""


class Live:
    """A Run that asks a submission in a child process, which ends with the `with` block."""

    def __init__(self, assignment: str, files: Files) -> None:
        self.manifest = read_manifest(handout_folder(assignment))
        self.files = files
        # A fork server that has imported torch makes children in milliseconds, and none inherits our threads.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["torch", "hypothesis", f"sanity.{assignment}.probes"])
        self.folder = TemporaryDirectory()
        self.child = ProcessPoolExecutor(1, context, _open, (assignment, self.folder.name))

    def __enter__(self) -> Self:
        folder = Path(self.folder.name)
        for name in self.manifest.given:
            shutil.copy(handout_folder(self.manifest.name) / name, folder)
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.child.shutdown()
        self.folder.cleanup()

    def reply(self, probe: Probe, case: Case) -> Any:
        """Return what the submission answers, as plain data, or Raised."""
        return self.child.submit(_ask, probe.name, case.words, case.values).result()

    def __call__(self, probe: Probe, case: Case) -> Answers:
        """Return the outputs by name; raise CheckFailed or CouldNotRun."""
        return answers_of(probe, self.reply(probe, case), list(self.files))


def _open(assignment: str, folder: str) -> None:
    manifest = read_manifest(handout_folder(assignment))
    _opened.append((assignment, Code(Path(folder), [*manifest.given, *manifest.submit])))


def _ask(probe: str, words: str, values: Mapping[str, Any]) -> Any:
    [(assignment, code)] = _opened
    return ask(load_probes(assignment), probe, code, Case(words, values))
