"""A job's function, what becomes of a job, and what ends a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sanity.core.errors import UserError

JobT = TypeVar("JobT")
OutcomeT = TypeVar("OutcomeT")

RESUME = "run the same command again to resume"

Tell = Callable[[Any], None]
"""What a job's function reports its progress with. Raises CancelledError once nobody waits for the job any more."""


class RunFailed(UserError):
    """The run cannot go on; the message is one line.

    The engine raises it if there is no cluster. A job's function raises it where every other job would fail alike, such
    as if the sandbox does not start: that ends the run.
    """


@dataclass(frozen=True)
class JobFailed:
    """The outcome of a job whose worker died or whose function raised."""

    message: str
    """One line."""
    detail: str = ""
    """For staff: more than a line, such as a traceback; empty if the message says all."""


def attempt(function: Callable[[JobT, Tell], OutcomeT | JobFailed], job: JobT, tell: Tell) -> OutcomeT | JobFailed:
    """Call the function of a job, where the job runs. Only what ends the run is raised: RunFailed or ImportError."""
    try:
        return function(job, tell)
    except (RunFailed, ImportError):
        raise
    except UserError as error:
        return JobFailed(str(error))
    except OSError as error:  # a full disk
        return JobFailed(f"{error.filename}: {error.strerror}" if error.filename else line(error))
    except Exception as error:
        return JobFailed(line(error))


def line(error: BaseException) -> str:
    """Return an exception as one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' * bool(text)}{text}"
