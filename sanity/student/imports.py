"""What a student's files import, read without running them."""

from __future__ import annotations

import ast
from contextlib import suppress
from pathlib import Path

from sanity.core.notebook import parse, read_cells


def imports_in(path: Path) -> set[str]:
    """Return the modules that a file or notebook imports by name, without what is inside of them; as far as it parses.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "words.py")
    ...     _ = path.write_text("import os.path\\nfrom sklearn.cluster import KMeans\\nfrom . import mine\\n")
    ...     sorted(imports_in(path))
    ['os', 'sklearn']
    """
    found: set[str] = set()
    with suppress(SyntaxError, ValueError, RecursionError, OSError):
        for cell in read_cells(path) if path.suffix in (".py", ".ipynb") else ():
            for node in ast.walk(parse(cell, lambda line, said: None)):
                if isinstance(node, ast.Import):
                    found.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found


def all_imports(path: Path) -> set[str]:
    """Return the modules that a file imports, and those that files beside it import which it imports."""
    found: set[str] = set()
    files = [path]
    for file in files:  # grows
        new = imports_in(file) - found
        found |= new
        files += [beside for name in new if (beside := path.with_name(f"{name}.py")).is_file()]
    return found
