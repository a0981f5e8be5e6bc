"""A SLURM of one machine: `sbatch`, `squeue` and `scancel` that run job scripts as processes of their own."""

from __future__ import annotations

from pathlib import Path

COMMANDS = {
    "sbatch": """
        cp "$1" {state}/$$.sh
        setsid bash {state}/$$.sh > {state}/$$.log 2>&1 &
        echo $! > {state}/$$.pid
        echo "Submitted batch job $$"
    """,
    "squeue": """
        for file in {state}/*.pid; do
            if kill -0 "$(cat $file)"; then basename $file .pid; fi
        done 2> /dev/null
        true
    """,
    "scancel": """
        touch {state}/$1.cancelled
        kill -s TERM -- "-$(cat {state}/$1.pid)" || exit 1
        (sleep 5; kill -s KILL -- "-$(cat {state}/$1.pid)") > /dev/null 2>&1 &
    """,
}


class FakeSlurm:
    """Its commands lie in `path`; what became of the jobs, in `state`."""

    def __init__(self, folder: Path, **commands: str) -> None:
        """Write the commands, some of them otherwise."""
        self.path, self.state = folder / "bin", folder / "state"
        self.path.mkdir(parents=True)
        self.state.mkdir()
        for name, text in {**COMMANDS, **commands}.items():
            command = self.path / name
            command.write_text(f"#!/bin/sh\n{text.replace('{state}', str(self.state))}")
            command.chmod(0o755)

    @property
    def scripts(self) -> list[str]:
        """The scripts of all jobs that were submitted."""
        return [path.read_text() for path in self.state.glob("*.sh")]

    @property
    def cancelled(self) -> int:
        """How many jobs were cancelled."""
        return len(list(self.state.glob("*.cancelled")))
