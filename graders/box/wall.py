"""The outer wall: a small program that starts the zygote inside a sandlock sandbox, and stays as its supervisor.

It is a process of its own, so that the sandbox's supervisor threads are not the grader's, and so that the zygote can
inherit the control socket as standard input.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

MAX_PROCESSES = 16
"""Processes in one sandbox: the zygote, a few workers, and what little a submission may start."""


def main() -> None:
    """Start the zygote as the settings on the command line say, and wait for it."""
    import sandlock

    settings = json.loads(sys.argv[1])
    sandbox = sandlock.Sandbox(
        fs_readable=[*settings["readable"], *settings["starting"]],
        fs_writable=[settings["scratch"], os.devnull],
        max_processes=MAX_PROCESSES,
        clean_env=True,
        env=settings["environment"],
        cwd=settings["scratch"],
    )
    zygote = Path(__file__).with_name("zygote.py")
    with sandbox.popen([sys.executable, "-I", str(zygote), sys.argv[1]]) as process:
        process.wait()  # the zygote ends when the grader does, however that ends, and sweeps its workers first
    shutil.rmtree(settings["scratch"], ignore_errors=True)


if __name__ == "__main__":
    main()
