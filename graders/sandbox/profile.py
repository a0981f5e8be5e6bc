"""The profile of a zygote: which modules its workers import, and what they may read, write and use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sanity.core.manifest import Manifest

MAX_FILE_BYTES = 16 * 2**20
"""Of one file that a worker writes."""
MAX_OPEN_FILES = 128


@dataclass(frozen=True)
class Profile:
    """What the workers of a zygote do and may use."""

    assignment: str
    """Its name: the package with its probes, sanity/aN, can be imported."""
    modules: tuple[tuple[str, ...], ...]
    """The modules that a submission consists of, each as its file names: see `Manifest.modules`."""
    memory_mb: int
    server: str = "graders.sandbox.inside.worker"
    """The module whose `prepare` and `serve` they run."""
    readable: tuple[str, ...] = ()
    """Files and folders, besides Python and ours."""
    writable: tuple[str, ...] = ()
    """Folders and devices, besides the worker's folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What differs from ENVIRONMENT."""
    address_space: bool = True
    """Whether memory is limited as address space. A GPU's driver reserves far more of it than there is memory."""
    file_bytes: int = MAX_FILE_BYTES
    open_files: int = MAX_OPEN_FILES
    inherited: tuple[int, ...] = ()
    """Descriptors that stay open as long as any process of the sandbox lives, such as a lock."""

    @classmethod
    def answering(cls, manifest: Manifest) -> Profile:
        """Return the profile of workers that answer the questions of an assignment."""
        return cls(manifest.name, manifest.modules, manifest.limits.memory_mb)
