"""A small cluster on this machine, as `dask scheduler` and two `dask worker` would make it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package")
def cluster() -> Iterator[str]:
    """Yield the address of its scheduler. It gives a job up as soon as its worker dies."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            resources={"CPU": 1},
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
    ):
        yield str(cluster.scheduler_address)
