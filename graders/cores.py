"""How many processor cores this process may use: the default for everything that runs in parallel."""

from __future__ import annotations


def usable_cores() -> int:
    """Return the number of cores that affinity and a container's quota leave to this process, rounded up.

    The machine's own number would start sixty-four workers in a container with two cores.
    """
    from dask.system import cpu_count  # takes as long as a tenth of a second to import: not for --help

    return cpu_count()
