"""A submission's files as modules, run statement by statement, so that what fails takes nothing else with it.

Submitted files import what is not installed here and is not used, download data, or train a model at the top; notebooks
have cells that fail. Each such statement is noted on standard error, and what comes after still runs. A name whose
import failed stands for the failure: only an answer that uses it meets it.
"""

from __future__ import annotations
import __future__

import ast
import codeop
import linecache
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.abc import Loader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from sanity.core.deferred import DeferredImports
from sanity.core.notebook import Cell, parse, read_cells
from sanity.core.time_limit import TookTooLong, time_limit

MAX_NOTE = 200
"""Characters of a note."""
FAILURES = (Exception, SystemExit, TookTooLong)
"""What may come out of a statement and only ends that one."""
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Failure:
    """Code that did not run, why, and from where."""

    source: str
    error: BaseException
    trace: TracebackType | None

    def again(self) -> NoReturn:
        """Raise what was raised, as if it were raised there."""
        raise self.error.with_traceback(self.trace)


class Absent:
    """The value of a name whose import failed: to use it raises what the import raised, from the import's line."""

    def __init__(self, failure: Failure) -> None:
        self.__failure = failure

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python's own questions, such as whether there is a __wrapped__
            raise AttributeError(name)
        self.__failure.again()

    def __call__(self, *args: object, **options: object) -> NoReturn:
        """Fail, as every other use."""
        self.__failure.again()


for _operation in [
    "mro_entries",
    "getitem",
    "iter",
    "len",
    "contains",
    "enter",
    "bool",
    "add",
    "sub",
    "mul",
    "truediv",
    "matmul",
]:
    setattr(Absent, f"__{_operation}__", Absent.__call__)
    setattr(Absent, f"__r{_operation}__", Absent.__call__)


class LenientLoader(Loader):
    """Runs the statements of a file as one module. A name defined twice is what the last definition says.

    Args:
        path: a .py file or a notebook.
        own: the modules of the assignment and of the student, as they are imported.
        seconds: the time limit of one statement; None for no limit.
        defer: whether what takes long to import, and is nobody else's here, is imported when it is used.
    """

    def __init__(
        self, path: Path, own: Collection[str] = (), seconds: float | None = None, defer: bool = False
    ) -> None:
        self.path, self.own, self.seconds, self.defer = path, own, seconds, defer
        self.failed: list[Failure] = []

    def exec_module(self, module: ModuleType) -> None:
        """Run the file. Of what it raises only a file that is not Python at all, or no notebook, comes out."""
        compiler = codeop.Compile()  # remembers `from __future__` for the statements that follow
        vars(module)["__getattr__"] = lambda name: self._missing(module.__name__, name)
        if self.defer:
            vars(module)["__builtins__"] = DeferredImports(vars(module))
        cells = read_cells(self.path)
        for cell in cells:
            if self.path.suffix != ".py":
                linecache.cache[cell.name] = len(cell.text), None, cell.text.splitlines(keepends=True), cell.name
            self._run(cell, compiler, vars(module), alone=len(cells) == 1)

    def _run(self, cell: Cell, compiler: codeop.Compile, names: dict[str, Any], alone: bool) -> None:
        """Run one cell, and go on after a statement that fails; the first is noted."""
        lines, before = cell.text.split("\n"), len(self.failed)
        try:
            statements = parse(cell, lambda line, said: self._note(cell, line, said)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if alone and self.path.suffix == ".py":
                raise
            self.failed.append(Failure(cell.text, error, error.__traceback__))
            self._note(cell, getattr(error, "lineno", None) or 1, f"skipped the cell: {_last_line(error)}")
            return

        def run(node: ast.stmt, flags: int = 0) -> None:
            compiler.flags |= flags
            try:
                exec(compiler(ast.Module([node], []), cell.name, "exec"), names)  # type: ignore[arg-type]
            finally:
                compiler.flags &= ~flags

        for statement in statements:
            try:
                with time_limit(None if _is_quick(statement) else self.seconds):
                    self._run_statement(statement, run, names)
            except FAILURES as error:
                source = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
                self.failed.append(Failure(source, error, error.__traceback__))
                if len(self.failed) == before + 1:
                    self._note(cell, statement.lineno, f"failed: {_last_line(error)}")

    def _run_statement(self, statement: ast.stmt, run: Callable[..., None], names: dict[str, Any]) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement, run, names)
            return
        try:
            run(statement)
        except FAILURES:
            if not isinstance(statement, Definition):
                raise
            run(statement, __future__.annotations.compiler_flag)  # an annotation may name what is absent

    def _import(self, statement: ast.Import | ast.ImportFrom, run: Callable[..., None], names: dict[str, Any]) -> None:
        """Import name by name; those that cannot be had are Absent, and the first error is raised at the end."""
        errors: list[BaseException] = []
        for alias in statement.names:
            one, bound = _with_names(statement, alias), alias.asname or alias.name.partition(".")[0]
            if bound not in names and self._can_wait(one):
                names["__builtins__"].put_off(bound, partial(self._import_late, one, run, names))
                continue
            try:
                self._import_one(one, run)
            except FAILURES as error:
                errors.append(error)
                absent = Absent(Failure("", error, error.__traceback__))
                names.setdefault(bound, absent)
        if errors:
            raise errors[0]

    def _can_wait(self, statement: ast.Import | ast.ImportFrom) -> bool:
        """Return whether an import of one name may be put off: it is of a library, not imported yet."""
        [alias] = statement.names
        if not self.defer or alias.name == "*" or (isinstance(statement, ast.ImportFrom) and statement.level):
            return False
        module = (alias.name if isinstance(statement, ast.Import) else statement.module) or ""
        library = module.partition(".")[0]
        return all(library not in known for known in (sys.stdlib_module_names, sys.modules, self.own))

    def _import_late(
        self, statement: ast.Import | ast.ImportFrom, run: Callable[..., None], names: dict[str, Any]
    ) -> None:
        """Import a name that was put off; one that cannot be had is Absent."""
        self.defer = False
        try:
            self._import(statement, run, names)
        except FAILURES:
            return
        finally:
            self.defer = True

    def _import_one(self, statement: ast.Import | ast.ImportFrom, run: Callable[..., None]) -> None:
        """Import one name; where that fails, as a module of the assignment that is written as in a package."""
        try:
            run(statement)
        except ImportError:
            for other in self._in_a_flat_folder(statement):
                run(other)
                return
            raise

    def _in_a_flat_folder(self, statement: ast.Import | ast.ImportFrom) -> Iterator[ast.stmt]:
        """Yield the same import from a module of the assignment: `from a4.utils import x` as `from utils import x`."""
        [alias] = statement.names
        parts = (alias.name if isinstance(statement, ast.Import) else statement.module or "").split(".")
        for tail in (".".join(parts[start:]) for start in range(len(parts))):
            if tail in self.own and isinstance(statement, ast.ImportFrom):
                yield ast.copy_location(ast.ImportFrom(tail, [alias], 0), statement)
            elif tail in self.own and alias.asname:
                yield ast.copy_location(
                    ast.Import([ast.copy_location(ast.alias(tail, alias.asname), alias)]), statement
                )
        if isinstance(statement, ast.ImportFrom) and alias.name in self.own:  # from . import utils
            yield ast.copy_location(ast.Import([alias]), statement)

    def _note(self, cell: Cell, line: int, said: str) -> None:
        print(f"note: {Path(cell.name).name}, line {line}: {said[:MAX_NOTE]}", file=sys.stderr)

    def _missing(self, module: str, name: str) -> NoReturn:
        """Raise what kept a name from being defined: what failed where it should have been, if that is known."""
        definition = re.compile(rf"(?m)^\s*((async\s+)?def|class)\s+{re.escape(name)}\b")
        for failure in reversed(self.failed):
            if definition.search(failure.source):
                failure.again()
        if self.path.suffix == ".py":
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise AttributeError(f"no cell defines {name}")


def _is_quick(statement: ast.stmt) -> bool:
    """Return whether a statement is a text, or a function whose definition calls nothing: timers would cost more."""
    if isinstance(statement, ast.FunctionDef):
        defaults = [default for default in (*statement.args.defaults, *statement.args.kw_defaults) if default]
        return not statement.decorator_list and all(isinstance(default, ast.Constant) for default in defaults)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _with_names(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.Import | ast.ImportFrom:
    """Return the same import of one name."""
    if isinstance(statement, ast.Import):
        return ast.copy_location(ast.Import([alias]), statement)
    return ast.copy_location(ast.ImportFrom(statement.module, [alias], statement.level), statement)


def _last_line(error: BaseException) -> str:
    """Return "TypeError: what it says", whatever a submission's own exception does when asked."""
    return traceback.format_exception_only(error)[-1].strip()
