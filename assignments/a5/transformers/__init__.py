"""A stand-in for transformers: its classes import at once, and are looked up in the installed library when used."""

from typing import Any

from installed import installed


class Late(type):
    """The type of a class that stands for one of the same name in the installed library."""

    def __call__(cls, *arguments: object, **options: object) -> Any:
        """Make an object of the installed class, or call what is a function there."""
        return getattr(installed("transformers"), cls.__name__)(*arguments, **options)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(getattr(installed("transformers"), cls.__name__), name)


class GPT2LMHeadModel(metaclass=Late):
    """GPT-2, with weights that others have trained: `GPT2LMHeadModel.from_pretrained("gpt2")`."""


class AutoTokenizer(metaclass=Late):
    """The tokenizer of a model: `AutoTokenizer.from_pretrained("gpt2")`."""


def __getattr__(name: str) -> Any:
    """Return any other name as a class of this kind."""
    if name.startswith("__"):
        raise AttributeError(name)
    return Late(name, (), {})
