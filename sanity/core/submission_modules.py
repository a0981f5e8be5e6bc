"""A submission's modules, imported by path when first used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from sanity.core.lenient import LenientLoader


def module_name(file: str) -> str:
    """Return the name under which a file of a submission is imported.

    >>> module_name("utils/parser_utils.py"), module_name("utils/__init__.py")
    ('utils.parser_utils', 'utils')
    """
    parts = Path(file).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place_in(folder: Path, file: str) -> str:
    """Return the name of a file that lies in a folder, "" for another."""
    return Path(file).name if Path(file).parent == folder else ""


class AliasLoader(Loader):
    """Makes a module's other name mean the same module, so that its code runs once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that the other name stands for."""
        return importlib.import_module(self.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: it has run."""


class FolderFinder(MetaPathFinder):
    """Finds the modules of the named files in one folder, and nothing else there.

    Args:
        folder: where the files are.
        modules: each module as the names its file may have, best first; of several that are there the first counts.
            The module is known by each of these names.
        seconds: the time limit of one statement of a file; None for no limit.
    """

    def __init__(self, folder: Path, modules: Iterable[Sequence[str]], seconds: float | None = None) -> None:
        self.seconds = seconds
        self.deferring: tuple[str, ...] = ()
        """The modules whose imports run when they are used; nothing may import from those."""
        self.own: set[str] = set()
        """The modules that a file may import as if they were in a package."""
        self.files: dict[str, list[Path]] = {}
        self.names: dict[str, str] = {}
        """The name of each module, by each of its names."""
        self.packages: dict[str, Path] = {}
        """Folders on the way to a module: packages without an __init__.py."""
        for names in modules:
            for name in names:
                self.files[module_name(name)] = [folder / spelling for spelling in names]
                self.names[module_name(name)] = module_name(names[0])
                for parent in list(Path(name).parents)[:-1]:
                    self.packages[".".join(parent.parts)] = folder / parent

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module if it is one of ours and its file is there."""
        spellings = self.files.get(fullname, [])
        file = next((file for file in spellings if file.is_file()), None)
        if file is None:
            return self._namespace(fullname)
        if self.names[fullname] != fullname:
            return ModuleSpec(fullname, AliasLoader(self.names[fullname]))
        package = [str(file.parent)] if file.name == "__init__.py" else None
        loader = LenientLoader(file, self.own, self.seconds, defer=fullname in self.deferring)
        return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=package)

    def _namespace(self, fullname: str) -> ModuleSpec | None:
        if fullname not in self.packages:
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(self.packages[fullname])]
        return spec


class SubmissionModules:
    """The modules of one submission as attributes: `code.nmt_model` imports nmt_model.py on first use.

    So a syntax error in one file does not keep the questions in the others from being answered. Modules that were
    asked for come before anything of the same name that is installed; the student's own helpers come last, where they
    can shadow nothing. No other file of the folder can be imported.
    """

    def __init__(
        self,
        folder: Path,
        modules: Iterable[Sequence[str]],
        helpers: Iterable[str] | None = None,
        seconds: float | None = None,
        deferring: Iterable[str] = (),
    ) -> None:
        """Make them importable until `forget`.

        Args:
            folder: where the files are.
            modules: those that were asked for or are given, as in `FolderFinder`.
            helpers: files of other modules; None is every other .py file in the folder.
            seconds: the time limit of one statement of a file; None for no limit.
            deferring: names of modules whose imports of libraries run when they are used, as no other module's may.
        """
        modules = list(modules)
        if helpers is None:
            known = {name for names in modules for name in names}
            below = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py")))
            helpers = [name for name in below if name not in known]
        self.folder = folder
        self.cache: dict[object, Any] = {}
        """What probes made of the submission and use again, such as models."""
        self._finder = FolderFinder(folder, modules, seconds)
        self._finder.deferring = tuple(deferring)
        self._helpers = FolderFinder(folder, ((name,) for name in helpers), seconds)
        self._finder.own = self._helpers.own = {*self._finder.files, *self._helpers.files}
        self._path = list(sys.path)
        sys.path[:] = [place for place in sys.path if Path(place).absolute() != folder]
        sys.meta_path.insert(0, self._finder)
        sys.meta_path.append(self._helpers)

    def __getattr__(self, name: str) -> ModuleType:
        return importlib.import_module(name)

    def place(self, file: str) -> str:
        """Return what a file of the submission is called in messages; "" if it is not the submission's."""
        return place_in(self.folder, file)

    def forget(self) -> None:
        """Undo every import from the folder, so that the next one reads the files anew.

        What is installed stays, even in a virtual environment inside the folder: torch cannot be imported twice.
        """
        sys.meta_path.remove(self._finder)
        sys.meta_path.remove(self._helpers)
        sys.path[:] = self._path
        for name, module in list(sys.modules.items()):
            if self._is_from_here(module):
                del sys.modules[name]
        importlib.invalidate_caches()

    def _is_from_here(self, module: ModuleType) -> bool:
        folder = f"{self.folder}{os.sep}"  # with the separator: a4/ is not the start of a4-old/
        spec = getattr(module, "__spec__", None)
        places = [getattr(module, "__file__", None), *(getattr(spec, "submodule_search_locations", None) or ())]
        return any(
            place.startswith(folder) and "site-packages" not in place[len(folder) :]
            for place in places
            if isinstance(place, str)
        )
