"""A submission's modules, imported by path when first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType


class FolderFinder(MetaPathFinder):
    """Finds the named modules in one folder, before anything of the same name that is installed."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder = folder
        self.names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of folder/fullname.py if it is one of the named modules and there."""
        file = self.folder / f"{fullname}.py"
        if fullname not in self.names or not file.is_file():
            return None
        return spec_from_file_location(fullname, file)


class Code:
    """The modules of one submission as attributes: `code.nmt_model` imports nmt_model.py on first use.

    So a syntax error in one file does not keep the questions in the others from being answered. The folder also goes
    to the end of sys.path, where helper modules of the student's own are found but can shadow nothing.
    """

    def __init__(self, folder: Path, files: Iterable[str]) -> None:
        self.folder = folder
        self._finder = FolderFinder(folder, (Path(file).stem for file in files))
        sys.meta_path.insert(0, self._finder)
        sys.path.append(str(folder))

    def __getattr__(self, name: str) -> ModuleType:
        return importlib.import_module(name)

    def forget(self) -> None:
        """Undo every import from the folder, so that the next one reads the files anew."""
        folder = str(self.folder)
        sys.meta_path.remove(self._finder)
        sys.path.remove(folder)
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(folder):
                del sys.modules[name]
        importlib.invalidate_caches()
