"""What is defined in a notebook's kernel, or in an interactive session, as the submission's module."""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from sanity.core.calling import NOT_RUN, LocalRun
from sanity.core.manifest import Manifest, Question
from sanity.core.submission_modules import SubmissionModules, module_name, place_in
from sanity.student.limit import LimitedRun
from sanity.student.runner import Runner

TYPED = ("<stdin>", "<python-input", "<ipython-input")
"""How the file names of lines start that were typed at Python's prompt."""

ANY_LINE = 1000
"""More lines than anybody types at a prompt."""


class Names:
    """Some names as the attributes of a module."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.__names = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__names[name]
        except KeyError:
            raise AttributeError(f"{NOT_RUN} {name}") from None


class Memory(SubmissionModules):
    """The names of a session in the place of the notebook's module; other modules are imported as ever.

    Args:
        folder: where the notebook is.
        module: the notebook's module.
        names: what the session has defined.
    """

    def __init__(self, folder: Path, module: str, names: Mapping[str, Any]) -> None:
        self.folder, self.cache = folder, {}
        self._module, self._names = module, Names(names)
        self._shell = shell()

    def __getattr__(self, name: str) -> Any:
        return self._names if name == self._module else import_module(name)

    def place(self, file: str) -> str:
        """Return what a cell, a line that was typed or a file beside the notebook is called in messages, or ""."""
        label = self._shell.compile.format_code_name(file) if self._shell else None
        if label:
            return " ".join([label[0].lower(), *label[1:]])  # cell In[3]
        return file if file.startswith(TYPED) else place_in(self.folder, file)

    def files(self, names: Mapping[str, Any]) -> dict[str, bytes]:
        """Return what `place` may name: cells, and the files beside the notebook, with their text."""
        cells = names.get("In", []) if self._shell else []
        typed = {file: "".join(linecache.getlines(file)) for file in list(linecache.cache) if file.startswith(TYPED)}
        return {
            "<stdin>": b"\n" * ANY_LINE,  # Python keeps no text of it
            **{file: text.encode() for file, text in typed.items()},
            **{f"cell In[{i}]": str(cell).encode() for i, cell in enumerate(cells)},
            **{path.name: path.read_bytes() for path in self.folder.glob("*.py")},
        }


def shell() -> Any:
    """Return IPython's shell, in a notebook's kernel or a terminal; None in another session."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


class SessionRunner(Runner):
    """Checks what a session has in memory; of an assignment without a notebook, the files in the folder as they are.

    Args:
        manifest: the assignment.
        folder: where the session's notebook, or the files, are.
        names: what the session has defined.
    """

    def __init__(self, manifest: Manifest, folder: Path, names: Mapping[str, Any]) -> None:
        super().__init__(manifest, folder)
        self.names = names

    @contextmanager
    def _opened(self, questions: Sequence[Question]) -> Iterator[LimitedRun]:
        """Open the session's names or the folder's files, so that the session is afterwards as it was."""
        with ExitStack() as stack:
            stack.enter_context(undisturbed())
            notebook = next((q.file for q in questions if q.file.endswith(".ipynb")), None)
            if notebook is None:
                stack.enter_context(set_aside(self.folder))
                yield stack.enter_context(super()._opened(questions))
                return
            code = Memory(self.folder, module_name(notebook), self.names)
            yield self._limited(LocalRun(code, (), self.known_errors, code.files(self.names)))

    def _limited(self, run: LocalRun) -> LimitedRun:
        assert self.limits is not None
        return LimitedRun(run, self.limits.seconds)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave the session's plots, its warnings and its choice of a backend for plots as they are."""
    backend = os.environ.get("MPLBACKEND")
    shown: AbstractContextManager[object] = nullcontext()
    if shell():
        from IPython.utils.capture import capture_output

        shown = capture_output(stdout=False, stderr=False)
    with warnings.catch_warnings(), shown:
        try:
            yield
        finally:
            if backend is None:
                os.environ.pop("MPLBACKEND", None)
            else:
                os.environ["MPLBACKEND"] = backend


@contextmanager
def set_aside(folder: Path) -> Iterator[None]:
    """Take the modules that the session imported from folder out of Python's table, so that they are read anew."""
    own = {name: module for name, module in sys.modules.items() if _is_in(module, folder)}
    for name in own:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.update(own)


def _is_in(module: object, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder) and "site-packages" not in file
