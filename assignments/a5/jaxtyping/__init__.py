"""A stand-in for jaxtyping, where that is not installed: its types accept anything, and nothing is checked."""

from contextlib import suppress
from typing import Any

from installed import installed


class Anything(type):
    """The type of types such as Float: `Float[Tensor, "batch tokens"]` is Any."""

    def __getitem__(cls, shape: object) -> Any:
        return Any

    def __instancecheck__(cls, value: object) -> bool:
        return True


def jaxtyped(function: Any = None, **options: object) -> Any:
    """Return a function as it is; or, called with options alone, a decorator that does so."""
    return function if callable(function) else jaxtyped


def __getattr__(name: str) -> Any:
    """Return what is installed under a name, or else a type that accepts anything."""
    if name.startswith("__"):
        raise AttributeError(name)
    return Anything(name, (), {})


with suppress(Exception):  # none is installed, or one that does not work here
    installed("jaxtyping")  # Python gives it to whoever imports this module
