"""The number of processor cores that this process may use: the default for all parallel work."""

from __future__ import annotations


def usable_cores() -> int:
    """Return the number of cores by CPU affinity and the container's quota, rounded up.

    `os.cpu_count()` would start sixty-four workers in a container with two cores.
    """
    from dask.system import cpu_count  # imported here: it takes a tenth of a second, too long for --help

    return cpu_count()
