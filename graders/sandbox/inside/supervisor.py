"""The supervisor: a small program that starts the zygote in a sandlock sandbox and handles its system calls.

It is a separate process, so that sandlock's supervisor threads do not run in the grader, and so that the zygote can
inherit the control socket as its standard input.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import sandlock

MAX_PROCESSES = 2
"""Processes in one sandbox: the zygote and one worker. A submission can start threads, but no process."""

PROTECTIONS = {
    sandlock.Protection.FS_TRUNCATE: 3,
    sandlock.Protection.NET_TCP: 4,
    sandlock.Protection.FS_IOCTL_DEV: 5,
    sandlock.Protection.SIGNAL_SCOPE: 6,
    sandlock.Protection.ABSTRACT_UNIX_SOCKET_SCOPE: 6,
}
"""What Landlock has since an ABI and a worker's system calls (system_calls.py) do not need: sandlock may do without."""


def done_without(abi: int) -> list[sandlock.Protection]:
    """Return what sandlock must do without, with no more of Landlock than this ABI."""
    return [protection for protection, since in PROTECTIONS.items() if since > abi]


def main() -> None:
    """Start the zygote with the settings from the command line, and wait for its end."""
    settings = json.loads(sys.argv[1])
    for descriptor in settings["inherited"]:  # held open by this process only
        os.set_inheritable(descriptor, False)
    sandbox = sandlock.Sandbox(
        fs_readable=[*settings["readable"], *settings["starting"]],
        fs_writable=[settings["scratch"], *settings["writable"], os.devnull],
        max_processes=MAX_PROCESSES,
        disable=done_without(settings["landlock"]),
        clean_env=True,
        env=settings["environment"],
        cwd=settings["scratch"],
    )
    zygote = Path(__file__).with_name("zygote.py")
    command = [sys.executable, "-I", str(zygote), sys.argv[1]]
    # Returns when the zygote exits. It does so, after killing its workers, when the grader exits or is killed.
    ended = sandbox.run(command)
    sys.stderr.buffer.write(ended.stderr)  # of an early failure: later the zygote writes to its own file
    shutil.rmtree(settings["scratch"], ignore_errors=True)


if __name__ == "__main__":
    main()
