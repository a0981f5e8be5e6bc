"""A submission's modules, imported by path when first used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from sanity.core.notebook import CellLoader


def module_name(file: str) -> str:
    """Return the name under which a file of a submission is imported.

    >>> module_name("nmt_model.py"), module_name("utils/__init__.py")
    ('nmt_model', 'utils')
    """
    parts = Path(file).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class FolderFinder(MetaPathFinder):
    """Finds the modules of the named files in one folder, before anything of the same name that is installed.

    Of several files for one module the first that is there counts.
    """

    def __init__(self, folder: Path, files: Iterable[str]) -> None:
        self.files: dict[str, list[Path]] = {}
        for file in files:
            self.files.setdefault(module_name(file), []).append(folder / file)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module if it is one of ours and its file is there."""
        spellings = self.files.get(fullname, [])
        file = next((file for file in spellings if file.is_file()), None)
        if file is None:
            return None
        package = [str(file.parent)] if file.name == "__init__.py" else None
        # Where a notebook may be handed in, so may a .py file made of one: both are run cell by cell.
        loader = CellLoader(file) if any(other.suffix == ".ipynb" for other in spellings) else None
        return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=package)


class SubmissionModules:
    """The modules of one submission as attributes: `code.nmt_model` imports nmt_model.py on first use.

    So a syntax error in one file does not keep the questions in the others from being answered. The folder also goes
    to the end of sys.path, where helper modules of the student's own are found but can shadow nothing.
    """

    def __init__(self, folder: Path, files: Iterable[str]) -> None:
        self.folder = folder
        self.cache: dict[object, Any] = {}
        """What probes made of the submission and use again, such as models."""
        self._finder = FolderFinder(folder, files)
        sys.meta_path.insert(0, self._finder)
        sys.path.append(str(folder))

    def __getattr__(self, name: str) -> ModuleType:
        return importlib.import_module(name)

    def forget(self) -> None:
        """Undo every import from the folder, so that the next one reads the files anew.

        What is installed stays, even in a virtual environment inside the folder: torch cannot be imported twice.
        """
        folder = f"{self.folder}{os.sep}"  # with the separator: a4/ is not the start of a4-old/
        sys.meta_path.remove(self._finder)
        sys.path.remove(str(self.folder))
        for name, module in list(sys.modules.items()):
            file = str(getattr(module, "__file__", None) or "")
            if file.startswith(folder) and "site-packages" not in file[len(folder) :]:
                del sys.modules[name]
        importlib.invalidate_caches()
