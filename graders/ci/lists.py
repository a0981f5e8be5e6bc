"""Lists in JSON, which one step of a workflow writes and a later one reads."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from graders.errors import OptionError

T = TypeVar("T")


def read_list(path: Path, kind: type[list[T]], command: str) -> list[T]:
    """Return the list of this kind that a command wrote; raise OptionError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise OptionError(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise OptionError(f"{path}: not a list as `{command}` writes it: {error}") from None
