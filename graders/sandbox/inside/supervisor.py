"""The supervisor: a small program that starts the zygote in a sandlock sandbox and handles its system calls.

It is a separate process, so that sandlock's supervisor threads do not run in the grader, and so that the zygote can
inherit the control socket as its standard input.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import sys
from pathlib import Path

import sandlock

MAX_PROCESSES = 2
"""Processes in one sandbox: the zygote and one worker. A submission can start threads, but no process."""

REFUSED = (
    # Landlock protects a file's content, but not its mode, owner, times and attributes.
    *("fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat", "file_setattr", "mknodat"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
    # Limits and priorities can be set for any process of the same user, such as the grader.
    *("prlimit64", "setrlimit", "setpriority", "ioprio_set"),
    *("sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"),
    # Memory outside our limits; and notifications, which reveal file names anywhere on the machine.
    *("memfd_create", "memfd_secret", "mq_open", "inotify_init1", "fanotify_init"),
    # A file in transit over a socket is in no table of open files, so its size would not be counted.
    "socketpair",
)
"""System calls that seccomp refuses, in addition to sandlock's own list. No submission needs them."""
REFUSED_ON_X86 = ("chmod", "chown", "lchown", "utime", "utimes", "futimesat", "mknod", "inotify_init")
"""Older forms of the same calls, which other architectures do not have."""


class NoSockets(sandlock.Handler):  # type: ignore[misc]  # it has no types
    """Refuses every socket. Sandlock's network rules cover TCP and connect(), but not MPTCP or sendto()."""

    def handle(self, ctx: sandlock.HandlerCtx) -> sandlock.NotifAction:
        """Refuse one call of socket()."""
        return sandlock.NotifAction.errno(errno.EACCES)


def main() -> None:
    """Start the zygote with the settings from the command line, and wait for its end."""
    settings = json.loads(sys.argv[1])
    for descriptor in settings["inherited"]:  # held open by this process only
        os.set_inheritable(descriptor, False)
    sandbox = sandlock.Sandbox(
        fs_readable=[*settings["readable"], *settings["starting"]],
        fs_writable=[settings["scratch"], *settings["writable"], os.devnull],
        max_processes=MAX_PROCESSES,
        extra_deny_syscalls=[*REFUSED, *(REFUSED_ON_X86 if platform.machine() == "x86_64" else ())],
        clean_env=True,
        env=settings["environment"],
        cwd=settings["scratch"],
    )
    zygote = Path(__file__).with_name("zygote.py")
    command = [sys.executable, "-I", str(zygote), sys.argv[1]]
    # Returns when the zygote exits. It does so, after killing its workers, when the grader exits or is killed.
    ended = sandbox.run_with_handlers(command, [("socket", NoSockets())])
    sys.stderr.buffer.write(ended.stderr)  # of an early failure: later the zygote writes to its own file
    shutil.rmtree(settings["scratch"], ignore_errors=True)


if __name__ == "__main__":
    main()
