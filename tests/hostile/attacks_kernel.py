"""Hostile submissions that go for the kernel: calls that Landlock does not judge, and what only its later ABIs judge.

The names in capitals and `tried` are those of `PRELUDE` in attacks.py. Where something is allowed, it harms nobody:
it sets what is set already, sends signal 0 or one that is ignored, or makes something small that ends with its process.
"""

from __future__ import annotations

from tests.hostile.attacks import PROTOCOL, RIGHT, Attack

CALLS = """
import ctypes, fcntl, os, platform, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = dict(
    io_setup=(206, 0), tkill=(200, 130), tgkill=(234, 131), rt_sigqueueinfo=(129, 138), rt_tgsigqueueinfo=(297, 240),
    pidfd_open=(434, 434), pidfd_send_signal=(424, 424), timer_create=(222, 107), timerfd_create=(283, 85),
    signalfd4=(289, 74), shmget=(29, 194), semget=(64, 190), msgget=(68, 186), mq_open=(240, 180),
    memfd_create=(319, 279), memfd_secret=(447, 447), mlockall=(151, 230), personality=(135, 92), keyctl=(250, 219),
    userfaultfd=(323, 282), io_uring_setup=(425, 425), syslog=(103, 116), fallocate=(285, 47), seccomp=(317, 277),
    name_to_handle_at=(303, 264), inotify_init1=(294, 26), fanotify_init=(300, 262), kcmp=(312, 272),
    get_robust_list=(274, 100), migrate_pages=(256, 238), move_pages=(279, 239), process_madvise=(440, 440),
    ioprio_set=(251, 30), set_mempolicy=(238, 237), splice=(275, 76), vmsplice=(278, 75), adjtimex=(159, 171),
    quotactl=(179, 60), unshare=(272, 97), landlock_create_ruleset=(444, 444), getcpu=(309, 168), openat2=(437, 437),
    mknodat=(259, 33), truncate=(76, 45), clone3=(435, 435),
)

def call(name, *arguments):
    outcome = libc.syscall(NUMBERS[name][platform.machine() == "aarch64"], *arguments)
    if outcome < 0:
        raise OSError(ctypes.get_errno(), name)
    return outcome

ZYGOTE = os.getppid()
"""
"""Before attacks that make system calls by number: `call`, and the process that this one was forked from."""

COURSE = """
import sanity.core.values
COURSE = sanity.core.values.__file__
"""
"""Before attacks on a file that may be read."""

ATTRIBUTES = """
course = os.open(COURSE, os.O_RDONLY)
for what, read, written, size in (("flags", 0x80086601, 0x40086602, 8), ("flags, 32 bits", 0x80046601, 0x40046602, 8),
                                  ("attributes", 0x801C581F, 0x401C5820, 28), ("version", 0x80087601, 0x40087602, 8)):
    tried(what, lambda: fcntl.ioctl(course, written, fcntl.ioctl(course, read, bytes(size))))
for what, number in ("verity", 0x40806685), ("encryption", 0x800C6613):
    tried(what, lambda: fcntl.ioctl(course, number, bytes(256)))
"""

KERNEL = [
    Attack(
        "A44",
        "attributes of the course's files set by ioctl",
        before=CALLS + COURSE + ATTRIBUTES,
        prints=(
            "flags refused PermissionError",
            "attributes refused PermissionError",
            "verity refused PermissionError",
        ),
    ),
    Attack(
        "A44",
        "files opened neither to read nor to write",
        before=CALLS
        + COURSE
        + """
tried("mode 3", lambda: os.open(CANARY + "/secret", 3))
tried("mode 3, truncated", lambda: os.open(COURSE, 3 | os.O_TRUNC))
tried("reading, truncated", lambda: os.open(CANARY + "/secret", os.O_RDONLY | os.O_TRUNC))
tried("truncate", lambda: call("truncate", (CANARY + "/secret").encode(), 0))
tried("openat2", lambda: call("openat2", -100, (CANARY + "/secret").encode(), (ctypes.c_uint64 * 3)(0x200, 0, 0), 24))
tried("handle", lambda: call("name_to_handle_at", -100, b"/", bytes(200), bytes(8), 0))
tried("attributes", lambda: os.listxattr(CANARY + "/secret"))
""",
        prints=("mode 3 refused PermissionError", "attributes refused PermissionError", "truncate refused"),
    ),
    Attack(
        "A44",
        "files that run with their owner's rights, or are none",
        before=CALLS
        + """
for mode in (0o4755, 0o2755, 0o6777):
    tried(f"open {mode:o}", lambda: os.open(f"run{mode}", os.O_CREAT | os.O_WRONLY, mode))
    tried(f"unnamed {mode:o}", lambda: os.open(".", os.O_TMPFILE | os.O_WRONLY, mode))
if platform.machine() == "x86_64":
    tried("creat", lambda: 1 / (libc.syscall(85, b"made", 0o4755) >= 0))
tried("named pipe", lambda: os.mkfifo("pipe"))
tried("socket", lambda: call("mknodat", -100, b"socket", 0o140644, 0))
print("left", [name for name in os.listdir(".") if name.startswith(("run", "made", "pipe", "socket"))])
""",
        prints=("open 4755 refused PermissionError", "named pipe refused PermissionError", "left []"),
    ),
    Attack(
        "A48",
        "locks, leases and watches on the course's files",
        before=CALLS
        + COURSE
        + """
course, folder = os.open(COURSE, os.O_RDONLY), os.open(os.path.dirname(COURSE), os.O_RDONLY)
def lock(kind): return ctypes.create_string_buffer(kind.to_bytes(2, "little") + bytes(62))
tried("flock", lambda: fcntl.flock(course, fcntl.LOCK_EX | fcntl.LOCK_NB))
tried("lock", lambda: fcntl.lockf(course, fcntl.LOCK_SH | fcntl.LOCK_NB))
tried("lock of a description", lambda: fcntl.fcntl(course, 37, lock(fcntl.F_RDLCK).raw))
tried("who locks", lambda: fcntl.fcntl(course, fcntl.F_GETLK, lock(fcntl.F_WRLCK).raw))
tried("lease", lambda: fcntl.fcntl(course, 1024, fcntl.F_RDLCK))
tried("notes", lambda: fcntl.fcntl(folder, 1026, 0x80000000 | 0x1F))
tried("inotify", lambda: call("inotify_init1", 0))
tried("fanotify", lambda: call("fanotify_init", 0, 0))
""",
        prints=("flock refused PermissionError", "lock refused PermissionError", "lease refused PermissionError"),
    ),
    Attack(
        "A48",
        "signals by every call that sends one",
        before=CALLS
        + """
for process in (ZYGOTE, GRADER):  # signal 0 only asks whether it may
    tried("kill", lambda: os.kill(process, 0))
    tried("tkill", lambda: call("tkill", process, 0))
    tried("tgkill", lambda: call("tgkill", process, process, 0))
    tried("queue", lambda: call("rt_sigqueueinfo", process, 0, ctypes.create_string_buffer(b"\\xff" * 128)))
    tried("thread queue", lambda: call("rt_tgsigqueueinfo", process, process, 0, ctypes.create_string_buffer(128)))
    tried("handle", lambda: call("pidfd_send_signal", call("pidfd_open", process, 0), 0, None, 0))
tried("its group", lambda: os.kill(0, 0))
tried("everybody", lambda: os.kill(-1, 0))
for name in ("tkill", "rt_sigqueueinfo"):
    tried(name + " itself", lambda: call(name, os.getpid(), 0, None))
""",
        prints=("kill refused PermissionError", "its group refused", "everybody refused", "tkill itself refused"),
    ),
    Attack(
        "A48",
        "signals that an open file sends",
        before=CALLS
        + """
IGNORED = signal.SIGWINCH
read, write = os.pipe()
owner = ctypes.create_string_buffer((1).to_bytes(4, "little") + ZYGOTE.to_bytes(4, "little"))
connection = next(number for number in range(3, 99) if os.path.exists(f"/proc/self/fd/{number}")
                  and os.readlink(f"/proc/self/fd/{number}").startswith("socket"))
process = ZYGOTE.to_bytes(4, "little")
tried("which signal", lambda: fcntl.fcntl(read, 10, IGNORED))
tried("for whom", lambda: fcntl.fcntl(read, 8, ZYGOTE))
tried("for whom, at length", lambda: fcntl.fcntl(read, 15, owner.raw))
tried("switched on", lambda: fcntl.fcntl(read, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC))
tried("switched on by ioctl", lambda: fcntl.ioctl(read, 0x5452, (1).to_bytes(4, "little")))
for what, number in (("FIOSETOWN", 0x8901), ("SIOCSPGRP", 0x8902)):
    tried(what, lambda: fcntl.ioctl(connection, number, process))
os.write(write, b"!")
""",
        prints=(
            *("which signal refused PermissionError", "for whom refused PermissionError"),
            *("switched on refused PermissionError", "SIOCSPGRP refused PermissionError"),
        ),
    ),
    Attack(
        "A47",
        "what the kernel would keep for a process without a limit",
        before=CALLS
        + """
buffer = ctypes.create_string_buffer(256)
tried("asynchronous I/O", lambda: call("io_setup", 60000, buffer))
tried("timers", lambda: [call("timer_create", 1, None, buffer) for _ in range(100)])
tried("timers as files", lambda: call("timerfd_create", 1, 0))
tried("signals as files", lambda: call("signalfd4", -1, bytes(8), 8, 0))
tried("locked memory", lambda: call("mlockall", 1))
tried("pipe", lambda: fcntl.fcntl(os.pipe()[0], 1031, 2**20))
tried("rings", lambda: call("io_uring_setup", 1, buffer))
tried("keys", lambda: call("keyctl", 0, -3, 1, 0, 0))
tried("faults", lambda: call("userfaultfd", 1))
with open("blocks", "wb") as file:
    tried("blocks beyond the end", lambda: call("fallocate", file.fileno(), 1, ctypes.c_long(0), ctypes.c_long(2**20)))
""",
        prints=(
            *("asynchronous I/O refused PermissionError", "timers refused PermissionError"),
            *("pipe refused PermissionError", "blocks beyond the end refused PermissionError"),
        ),
    ),
    Attack(
        "A42",
        "memory shared with those who come later",
        before=CALLS
        + """
from multiprocessing import shared_memory
tried("shared memory", lambda: shared_memory.SharedMemory(MARKER, create=True, size=1))
tried("segment", lambda: call("shmget", 0x7A7A, 4096, 0o1666))
tried("semaphore", lambda: call("semget", 0x7A7A, 1, 0o1666))
tried("queue", lambda: call("msgget", 0x7A7A, 0o1666))
tried("named queue", lambda: call("mq_open", MARKER.encode(), 0o102, 0o600, None))
tried("file in memory", lambda: call("memfd_create", b"x", 0))
tried("secret memory", lambda: call("memfd_secret", 0))
""",
        prints=("shared memory refused", "segment refused PermissionError", "file in memory refused PermissionError"),
    ),
    Attack(
        "A38",
        "what the kernel tells about the machine and its processes",
        before=CALLS
        + """
names = ["locks", "timer_list", "net/tcp", "net/unix", "interrupts", "slabinfo", "sysvipc/shm", "sched_debug", "stat",
         "vmallocinfo", "iomem", "diskstats", "pressure/cpu", "self/net/tcp", "self/../locks", "self/task/../../locks",
         "sys/kernel/ns_last_pid", f"{ZYGOTE}/maps", f"{ZYGOTE}/environ", f"{ZYGOTE}/mem", f"{ZYGOTE}/syscall"]
for name in names:
    tried(name, lambda: open("/proc/" + name, "rb").read(1))
os.symlink("/proc/locks", "locks")
tried("by a link", lambda: open("locks", "rb").read(1))
tried("by a folder", lambda: os.open("locks", os.O_RDONLY, dir_fd=os.open("/proc", os.O_PATH)))
tried("processes", lambda: os.listdir("/proc"))
tried("log", lambda: call("syslog", 10, None, 0))
tried("compared", lambda: call("kcmp", os.getpid(), ZYGOTE, 0, 0, 0))
tried("pointer", lambda: call("get_robust_list", ZYGOTE, bytes(8), bytes(8)))
""",
        prints=(
            *("locks refused PermissionError", "timer_list refused PermissionError", "processes refused"),
            *("by a link refused PermissionError", "log refused PermissionError", "pointer refused PermissionError"),
        ),
    ),
    Attack(
        "A48",
        "the memory and the turns of other processes",
        before=CALLS
        + """
pages = (ctypes.c_ulong * 4)()
tried("pages migrated", lambda: call("migrate_pages", ZYGOTE, 64, pages, pages))
tried("pages moved", lambda: call("move_pages", ZYGOTE, 0, None, None, None, 0))
tried("advice", lambda: call("process_madvise", call("pidfd_open", ZYGOTE, 0), None, 0, 20, 0))
tried("turns", lambda: call("ioprio_set", 1, ZYGOTE, 0))
tried("memory policy", lambda: call("set_mempolicy", 0, None, 0))
tried("handle", lambda: call("pidfd_open", ZYGOTE, 0))
tried("clock", lambda: call("adjtimex", bytes(208)))
""",
        prints=("pages migrated refused PermissionError", "memory policy refused PermissionError", "handle refused"),
    ),
    Attack(
        "A47",
        "what a process may set for itself",
        before=CALLS
        + """
def set_(option, value=0): return lambda: 1 / (libc.prctl(option, value, 0, 0, 0) == 0)
for what, option, value in (("signal at the parent's end", 1, 0), ("not to be looked at", 4, 0), ("orphans", 36, 0),
                            ("slack", 29, 1), ("no huge pages", 41, 1), ("memory merged", 67, 1)):
    tried(what, set_(option, value))
tried("personality", lambda: call("personality", 0x0040000))
tried("filter", lambda: call("seccomp", 2, 0, ctypes.c_uint(0x7FFF0000)))
tried("rules", lambda: call("landlock_create_ruleset", None, 0, 1))
tried("namespace", lambda: call("unshare", 0x10000000))
tried("quota", lambda: call("quotactl", 0, None, 0, None))
tried("spliced", lambda: call("splice", 0, None, 1, None, 0, 0))
tried("given away", lambda: call("vmsplice", os.pipe()[1], None, 0, 0))
tried("clone3", lambda: call("clone3", None, 0))
""",
        prints=("signal at the parent's end refused", "not to be looked at refused", "personality refused"),
    ),
    Attack(
        "A47",
        "calls of the kind with 32-bit pointers",
        before=CALLS,
        body="""
if platform.machine() == "x86_64":
    libc.syscall(0x40000000 | 39)
    os._exit(0)
os.kill(os.getpid(), signal.SIGSYS)
""",
        says="pad_sents() died: signal 31, Bad system call",
    ),
    Attack(
        "A20",
        "more on its connection than bytes",
        before=PROTOCOL,
        body="""
connection = channel()
tried("out of band", lambda: connection.send(b"!", socket.MSG_OOB))
tried("a file", lambda: socket.send_fds(connection, [b"!"], [1]))
tried("an address", lambda: connection.sendto(b"!", "\\0" + MARKER))
tried("deaf", lambda: connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1))
"""
        + RIGHT,
        prints=("out of band refused PermissionError", "a file refused PermissionError", "deaf refused"),
    ),
    Attack(
        "A45",
        "threads that are processes",
        before=CALLS
        + """
CLONE = 56 if platform.machine() == "x86_64" else 220
for flags in (0, 17, 0x4111, 0x00000F11, 0x10000000 | 17, 0x80000000 | 17):  # with and without its memory, and a parent
    tried(hex(flags), lambda: 1 / (libc.syscall(CLONE, flags, 0, 0, 0, 0) >= 0))
""",
        prints=("0x0 refused", "0x4111 refused", "0xf11 refused"),
    ),
]
