"""Where work runs: the cores of this machine, or a Dask cluster."""
