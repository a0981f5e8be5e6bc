"""Profile: the modules, files and resources of a zygote's workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sanity.core.manifest import Manifest

MAX_FILE_BYTES = 16 * 2**20
"""Largest file that a worker may write."""
MAX_OPEN_FILES = 128


@dataclass(frozen=True)
class Profile:
    """The program, the permissions and the limits of a zygote's workers."""

    assignment: str
    """Name of the assignment, whose package with probes, sanity/aN, workers can import."""
    modules: tuple[tuple[str, ...], ...]
    """The modules of a submission, each as the names of its files: see `Manifest.modules`."""
    memory_mb: int
    server: str = "graders.sandbox.inside.worker"
    """The module with `prepare`, run once by the zygote, and `serve`, run by each worker."""
    readable: tuple[str, ...] = ()
    """Additional files and folders that workers may read."""
    writable: tuple[str, ...] = ()
    """Additional folders and devices that workers may write."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Additions and changes to ENVIRONMENT of zygote.py."""
    address_space: bool = True
    """Limit memory as address space. Not with a GPU: its driver reserves far more address space than memory."""
    file_bytes: int = MAX_FILE_BYTES
    open_files: int = MAX_OPEN_FILES
    inherited: tuple[int, ...] = ()
    """Descriptors that stay open as long as the sandbox lives, such as a lock. Workers do not inherit them."""
    legacy: bool = False
    """Accept what an earlier year's files rely on: see `Manifest.legacy`."""
    statement_seconds: float | None = None
    """The time limit of one statement at the top of a submission's files; None for no limit."""

    @classmethod
    def answering(cls, manifest: Manifest) -> Profile:
        """Return the profile of workers that call an assignment's probes."""
        limits = manifest.limits
        return cls(
            manifest.name,
            manifest.modules,
            limits.memory_mb,
            legacy=manifest.legacy,
            statement_seconds=limits.statement_seconds,
        )
