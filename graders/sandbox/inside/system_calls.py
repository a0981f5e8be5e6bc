"""The system calls that a worker may make, and the seccomp filter that refuses all others.

tests/hostile/measure_system_calls.py tells which of them the course's libraries need. Landlock (landlock.py) judges
the files that they name; here they are judged by their number and by arguments that are numbers, since a filter cannot
follow a pointer. What Landlock knows only since ABI 3, 4, 5 and 6 is closed here too, so that the walls of older
kernels hold.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable
from typing import NamedTuple

ALLOWED = """
# Memory
brk 12 214; mmap 9 222; munmap 11 215; mremap 25 216; mprotect 10 226; madvise 28 233; msync 26 227;
membarrier 324 283; get_mempolicy 239 236;
# Threads, and the end
futex 202 98; set_robust_list 273 99; rseq 334 293; set_tid_address 218 96; gettid 186 178; getcpu 309 168;
sched_yield 24 124; sched_getaffinity 204 123; sched_getparam 143 121; sched_getscheduler 145 120;
sched_get_priority_max 146 125; sched_get_priority_min 147 126; exit 60 93; exit_group 231 94;
# Time
nanosleep 35 101; clock_nanosleep 230 115; clock_gettime 228 113; clock_getres 229 114; gettimeofday 96 169;
time 201 -; times 100 153; alarm 37 -; setitimer 38 103; getitimer 36 102; pause 34 -;
# Signals, received
rt_sigaction 13 134; rt_sigprocmask 14 135; rt_sigreturn 15 139; rt_sigpending 127 136; rt_sigsuspend 130 133;
rt_sigtimedwait 128 137; sigaltstack 131 132; restart_syscall 219 128;
# Open files
read 0 63; write 1 64; readv 19 65; writev 20 66; pread64 17 67; pwrite64 18 68; preadv 295 69; pwritev 296 70;
preadv2 327 286; pwritev2 328 287; lseek 8 62; close 3 57; close_range 436 436; dup 32 23; dup2 33 -;
dup3 292 24; fsync 74 82; fdatasync 75 83; ftruncate 77 46; fadvise64 221 223; sendfile 40 71;
copy_file_range 326 285; pipe 22 -; pipe2 293 59; eventfd2 290 19;
# Waiting for them
poll 7 -; ppoll 271 73; select 23 -; pselect6 270 72; epoll_create 213 -; epoll_create1 291 20;
epoll_ctl 233 21; epoll_wait 232 -; epoll_pwait 281 22; epoll_pwait2 441 441;
# Names of files
access 21 -; faccessat 269 48; faccessat2 439 439; stat 4 -; lstat 6 -; fstat 5 80; newfstatat 262 79;
statx 332 291; statfs 137 43; fstatfs 138 44; getdents64 217 61; readlink 89 -; readlinkat 267 78;
getcwd 79 17; chdir 80 49; fchdir 81 50; umask 95 166; mkdir 83 -; mkdirat 258 34; rmdir 84 -; unlink 87 -;
unlinkat 263 35; rename 82 -; renameat 264 38; renameat2 316 276; link 86 -; linkat 265 37; symlink 88 -;
symlinkat 266 36;
# The connection to the grader
getsockname 51 204; getsockopt 55 209; recvfrom 45 207; shutdown 48 210;
# What it is, and where
getpid 39 172; getppid 110 173; getuid 102 174; geteuid 107 175; getgid 104 176; getegid 108 177;
getgroups 115 158; getresuid 118 148; getresgid 120 150; getpgid 121 155; getpgrp 111 -; getsid 124 156;
getrusage 98 165; getrlimit 97 163; uname 63 160; sysinfo 99 179; getrandom 318 278;
"""
"""The system calls that are allowed whatever their arguments, each with its number on x86_64 and on aarch64."""

JUDGED = """
open 2 -; openat 257 56; creat 85 -; fork 57 -; vfork 58 -; clone 56 220; clone3 435 435; kill 62 129;
tgkill 234 131; fcntl 72 25; ioctl 16 29; prctl 157 167; arch_prctl 158 -; prlimit64 302 261; sendto 44 206;
"""
"""Those that are judged by their arguments, or refused in a way of their own: see `judges`."""

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""What the kernel calls them (linux/audit.h), in the order of the numbers above."""
NEWEST = 451
"""Later calls do not exist, as on an older kernel: so that a C library that tries one falls back to an older one."""
X32 = 0x40000000
"""The bit of x86_64's numbers for programs with 32-bit pointers."""

# asm-generic/fcntl.h, the same on both machines
ACCESS_MODE, O_CREAT, O_TRUNC, O_ASYNC, O_TMPFILE = 0o3, 0o100, 0o1000, 0o20000, 0o20000000
SET_ID = 0o6000
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ = 0, 1, 2, 3, 4, 1030, 1032
# asm-generic/ioctls.h: TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
IOCTLS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
UVM = (0x30000001, 0x30000002)
"""Of NVIDIA's unified memory: its first and last call. Those between are small numbers, without a type."""
NVIDIA_TYPE = 0x46
PR_SET_NAME, PR_GET_NAME = 15, 16
ARCH_XCOMP = (0x1021, 0x1022, 0x1023)
"""Asks for the processor's matrix unit."""
CLONE_THREAD = 0x10000
CLONE_OF_THREADS = 0x7D0F00
"""What pthread_create() and musl's ask for: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, tids and DETACHED."""
MSG_NOSIGNAL = 0x4000
OWN_PID = 0x7FFFFFFF
"""Stands for a process's own number until there is the process; no process has it."""

LOAD, AND, RETURN = 0x20, 0x54, 0x06
"""Operations of classic BPF on its one register (linux/bpf_common.h)."""
EQUAL, GREATER, ANY_BIT = 0x15, 0x25, 0x45
"""Jumps: if the register equals the operand, is greater, or has any of its bits."""
ALLOW, KILL = 0x7FFF0000, 0x80000000


class Step(NamedTuple):
    """One instruction (struct sock_filter)."""

    operation: int
    operand: int
    if_true: int = 0
    """Instructions to skip."""
    if_false: int = 0


def refuse(error: int) -> Step:
    """Return the end of a judgement: the call returns this error."""
    return Step(RETURN, 0x50000 | error)


ALLOWS, REFUSES = Step(RETURN, ALLOW), refuse(errno.EPERM)
NO_PROCESS, UNKNOWN = refuse(errno.EAGAIN), refuse(errno.ENOSYS)


def argument(number: int, *, high: bool = False) -> Step:
    """Load an argument: its low 32 bits, which are all that the kernel reads of an int, or the high ones."""
    return Step(LOAD, 16 + 8 * number + 4 * high)


def case(jump: int, operand: int, *then: Step) -> list[Step]:
    """Return steps that are taken if the jump's condition holds."""
    return [Step(jump, operand, 0, len(then)), *then]


def unless(operand: int, *then: Step) -> list[Step]:
    """Return steps that are taken unless the register equals the operand."""
    return [Step(EQUAL, operand, len(then)), *then]


def one_of(number: int, values: Iterable[int]) -> list[Step]:
    """Allow an argument to have these values only."""
    return [argument(number), *(step for value in values for step in case(EQUAL, value, ALLOWS)), REFUSES]


def opening(flags: int, mode: int) -> list[Step]:
    """Judge a call that opens a file, by the numbers of two arguments.

    Landlock finds nothing to judge in access mode 3, and truncation only since ABI 3. No file is made that runs with
    its owner's rights.
    """
    return [
        argument(flags),
        Step(AND, ACCESS_MODE),
        *case(EQUAL, 3, REFUSES),
        *case(EQUAL, 0, argument(flags), *case(ANY_BIT, O_TRUNC, REFUSES)),
        argument(flags),
        *case(ANY_BIT, O_CREAT | O_TMPFILE, argument(mode), *case(ANY_BIT, SET_ID, REFUSES)),
        ALLOWS,
    ]


def judges(*, gpu: bool) -> dict[str, list[Step]]:
    """Return the judgement of each call in JUDGED, for a process with or without a GPU."""
    flags = case(EQUAL, F_SETFL, argument(2), *case(ANY_BIT, O_ASYNC, REFUSES), ALLOWS)
    commands = (F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ)
    nvidia = [
        *case(EQUAL, UVM[0], ALLOWS),
        *case(EQUAL, UVM[1], ALLOWS),
        Step(AND, 0xFF00),
        *case(EQUAL, NVIDIA_TYPE << 8, ALLOWS),
        argument(1),
        Step(GREATER, 0xFF, 1),
        ALLOWS,
    ]
    return {
        "open": opening(1, 2),
        "openat": opening(2, 3),
        "creat": [argument(1), *case(ANY_BIT, SET_ID, REFUSES), ALLOWS],
        # Threads, but no processes. The flags of clone3() are behind a pointer: so there is none.
        "clone": [
            argument(0),
            *case(ANY_BIT, ~CLONE_OF_THREADS & 0xFFFFFFFF, NO_PROCESS),
            *case(ANY_BIT, CLONE_THREAD, ALLOWS),
            NO_PROCESS,
        ],
        "clone3": [UNKNOWN],
        "fork": [NO_PROCESS],
        "vfork": [NO_PROCESS],
        # Signals to itself only: also those that an open file sends, by F_SETOWN, F_SETSIG, O_ASYNC, leases, F_NOTIFY.
        "kill": one_of(0, [OWN_PID]),
        "tgkill": one_of(0, [OWN_PID]),
        "fcntl": [argument(1), *flags, *one_of(1, commands)],
        "ioctl": [argument(1), *(nvidia if gpu else ()), *one_of(1, IOCTLS)],
        "prctl": one_of(0, (PR_SET_NAME, PR_GET_NAME)),
        "arch_prctl": one_of(0, ARCH_XCOMP),
        "prlimit64": [  # reads its own
            argument(0),
            *unless(0, REFUSES),
            argument(2),
            *unless(0, REFUSES),
            argument(2, high=True),
            *unless(0, REFUSES),
            ALLOWS,
        ],
        "sendto": [  # no address, and nothing out of band, where the kernel has had holes
            argument(3),
            *case(ANY_BIT, ~MSG_NOSIGNAL & 0xFFFFFFFF, REFUSES),
            argument(4),
            *unless(0, REFUSES),
            argument(4, high=True),
            *unless(0, REFUSES),
            ALLOWS,
        ],
    }


def numbers(table: str, machine: str) -> dict[str, int]:
    """Return the numbers in a table by name, without the calls that the machine does not have."""
    column = 1 + list(MACHINES).index(machine)
    lines = (line for line in table.splitlines() if not line.startswith("#"))
    rows = (cell.split() for cell in "".join(lines).split(";") if cell.strip())
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def known(machine: str) -> bool:
    """Return whether the system calls of a machine, such as "x86_64", are known here."""
    return machine in MACHINES


def filter_template(*, gpu: bool = False, machine: str = "") -> bytes:
    """Return the filter of a process that is still to be forked, as an array of struct sock_filter."""
    machine = machine or platform.machine()
    judge = judges(gpu=gpu)
    steps = [
        Step(LOAD, 4),
        *unless(MACHINES[machine], Step(RETURN, KILL)),  # such as 32-bit calls, which have other numbers
        Step(LOAD, 0),
        *case(ANY_BIT, X32, Step(RETURN, KILL)),
    ]
    for number in numbers(ALLOWED, machine).values():
        steps += case(EQUAL, number, ALLOWS)
    for name, number in numbers(JUDGED, machine).items():
        steps += case(EQUAL, number, *judge[name])
    steps += [*case(GREATER, NEWEST, UNKNOWN), REFUSES]
    return b"".join(struct.pack("HBBI", step[0], step.if_true, step.if_false, step.operand) for step in steps)


def filter_of(pid: int, template: bytes) -> bytes:
    """Return the filter of a process."""
    return template.replace(struct.pack("I", OWN_PID), struct.pack("I", pid))
