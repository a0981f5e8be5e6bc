"""Imports that run when their name is first used: a notebook imports at its top what one question of ten needs."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any


class DeferredImports(dict[str, Any]):
    """The builtins of a module, which also run its imports: Python looks here for a global name that is not defined.

    Args:
        names: the module's global names.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        super().__init__(vars(builtins))
        self._names = names
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def put_off(self, name: str, run: Callable[[], None]) -> None:
        """Call run, which defines a name, before its first use. Several may define it: `import a.b`, `import a.c`."""
        self._waiting.setdefault(name, []).append(run)

    def __missing__(self, name: str) -> Any:
        """Import a name; raise KeyError, of which Python makes a NameError, if no import defines it."""
        for run in self._waiting.pop(name, ()):
            run()
        return self._names[name]
