"""Finds calls of a debugger that were left in: where nobody is at the keyboard they end the answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from sanity.core.notebook import NotebookError, parse, read_cells

_FUNCTIONS = ("breakpoint", "set_trace")


def debuggers(path: Path) -> list[str]:
    """Return a line for each call of a debugger in a Python file or notebook; none if it is not valid."""
    try:
        if path.suffix == ".ipynb":
            trees = [(cell.name, parse(cell, lambda line, text: None)) for cell in read_cells(path)]
        else:
            trees = [(path.name, ast.parse(path.read_bytes()))]
    except (SyntaxError, ValueError, RecursionError, MemoryError, NotebookError, OSError):
        return []
    return [
        f"{Path(name).name}, line {call.lineno}: a debugger is left in: delete {ast.unparse(call)}"
        for name, tree in trees
        for call in _calls(tree)
    ]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in _FUNCTIONS:
                yield node
