"""Settings of an autograder: what its zip was built for. Only the grader reads them, for they hold the seed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from graders.sandbox.isolation import Isolation
from sanity.core.errors import UserError

NAME = "trivium.json"
"""The file with the settings, at the top of the zip."""


class AutograderError(UserError):
    """The autograder is not set up right. The message is one line for staff; students learn only that it failed."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the zip of an autograder was built for."""

    assignment: str
    """Its name, such as a4."""
    seed: int
    """Seed of the hidden cases: one for the whole class, so that a regrade gives the same marks."""
    digest: str
    """`Assignment.digest` where the zip was built: what marks depend on besides the submission."""
    isolation: Isolation = Isolation.SANDLOCK
    """What a submission needs around it: without the walls, `sandlock` refuses to grade, and `none` goes on."""
    feedback: str = ""
    """What students are told, as `--feedback`; "" for what assignment.toml says."""

    def encoded(self) -> bytes:
        """Return the content of the file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def read_settings(source: Path) -> Settings:
    """Return the settings in the folder of an unpacked zip; raise AutograderError if they cannot be read."""
    path = source / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except OSError as error:
        raise AutograderError(
            f"{path}: {error.strerror}; expected the zip of `trivium otter build`, unpacked"
        ) from None
    except msgspec.MsgspecError as error:
        raise AutograderError(f"{path}: {error}; build the zip again") from None
