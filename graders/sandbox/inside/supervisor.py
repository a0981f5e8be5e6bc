"""The outer wall: a small program that starts the zygote inside a sandlock sandbox, and stays as its supervisor.

It is a process of its own, so that the sandbox's supervisor threads are not the grader's, and so that the zygote can
inherit the control socket as standard input.
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
"""Processes in one sandbox: the zygote and its worker. So a submission can start threads, but no process."""

REFUSED = (
    # Landlock guards what a file holds, but not its mode, owner, times and attributes. Those are the user's to change.
    *("fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "utimensat", "file_setattr", "mknodat"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
    # Limits and priorities of any process of the same user, such as the grader.
    *("prlimit64", "setrlimit", "setpriority", "ioprio_set"),
    *("sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"),
    # Memory that no limit counts; the names of files elsewhere as they come and go.
    *("memfd_create", "memfd_secret", "mq_open", "inotify_init1", "fanotify_init"),
    # Files on their way through a socket are in no table of open files.
    "socketpair",
)
"""System calls that no submission needs, besides those that sandlock refuses to all."""
REFUSED_ON_X86 = ("chmod", "chown", "lchown", "utime", "utimes", "futimesat", "mknod", "inotify_init")
"""Older spellings of the same, which newer machines do not have."""


class NoSockets(sandlock.Handler):  # type: ignore[misc]  # it has no types
    """Refuses every socket, for sandlock's own rules know TCP and connect() alone, not MPTCP nor sending at once."""

    def handle(self, ctx: sandlock.HandlerCtx) -> sandlock.NotifAction:
        """Refuse one."""
        return sandlock.NotifAction.errno(errno.EACCES)


def main() -> None:
    """Start the zygote as the settings on the command line say, and wait for it."""
    settings = json.loads(sys.argv[1])
    for descriptor in settings["inherited"]:  # they are this process's to hold, not the submission's
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
    # Returns when the zygote ends, which it does when the grader does, however that ends; it sweeps its workers first.
    ended = sandbox.run_with_handlers(command, [("socket", NoSockets())])
    sys.stderr.buffer.write(ended.stderr)  # what it said before it took over its own streams
    shutil.rmtree(settings["scratch"], ignore_errors=True)


if __name__ == "__main__":
    main()
