"""A stand-in for huggingface_hub: its functions import at once, and are looked up in the installed one when called."""

from collections.abc import Callable
from typing import Any

from installed import installed


def late(name: str) -> Callable[..., Any]:
    """Return a function that stands for one of this name in the installed library."""

    def call(*arguments: object, **options: object) -> Any:
        return getattr(installed("huggingface_hub"), name)(*arguments, **options)

    call.__name__ = name
    return call


login = late("login")
hf_hub_download = late("hf_hub_download")


def __getattr__(name: str) -> Any:
    """Return any other name as a function of this kind."""
    if name.startswith("__"):
        raise AttributeError(name)
    return late(name)
