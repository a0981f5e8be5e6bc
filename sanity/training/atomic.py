"""Write files atomically: a file is complete, or it is what it was before.

This module imports nothing of the course, so that every module can use it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO


class SaveError(RuntimeError):
    """A file could not be written; its previous content is intact. The message is one line."""


def write_atomically(path: Path, save: Callable[[BinaryIO], object]) -> None:
    """Write a file by `save(file)`, file being open for bytes. Raises SaveError.

    The content goes to `path.part`, reaches the disk (fsync), and then replaces path in one step: a process that is
    killed, or a disk that fills up, never leaves half a file.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        raise SaveError(f"{path}: can't be written: {cause_of(error)}; the previous content is intact") from None
    finally:
        part.unlink(missing_ok=True)


def refuse_to_overwrite(output: Path, inputs: Iterable[Path | None]) -> None:
    """Raise SaveError if output is the same file as one of the inputs, by a link too. None: an input not given."""
    for given in inputs:
        if given and output.exists() and given.exists() and output.samefile(given):
            raise SaveError(f"{output}: would overwrite the input {given}; name another output file")


def cause_of(error: BaseException) -> str:
    """Return the operating system's reason for a failure, or else the first line of the error.

    torch.save raises a RuntimeError; the OSError that caused it is in its chain of contexts.
    """
    while not isinstance(error, OSError) and error.__context__:
        error = error.__context__
    return (isinstance(error, OSError) and error.strerror) or str(error).partition("\n")[0]
