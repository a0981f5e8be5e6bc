"""The filter of system calls: its numbers are the kernel's, and it judges arguments, in processes of their own."""

from __future__ import annotations

import platform
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from graders.sandbox.inside.system_calls import (
    ALLOWED,
    JUDGED,
    MACHINES,
    OWN_PID,
    filter_of,
    filter_template,
    known,
    numbers,
)
from graders.sandbox.isolation import landlock_abi, walls

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
FILTERED = """
import ctypes, os, signal, sys
from graders.sandbox.inside import landlock
from graders.sandbox.inside.confine import refuse_system_calls
from graders.sandbox.inside.system_calls import filter_template

def tried(action):
    try:
        action()
        return "done"
    except OSError as error:
        return error.strerror

def call(number, *arguments):
    if ctypes.CDLL(None, use_errno=True).syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""


@pytest.fixture(autouse=True)
def seccomp() -> None:
    if reason := walls()["seccomp"]:
        pytest.skip(f"no filter here: {reason}")


def answers(code: str) -> list[str]:
    """Run Python in a process of its own; return the lines that it prints."""
    ended = subprocess.run(
        [sys.executable, "-c", FILTERED + code], capture_output=True, text=True, timeout=60, check=False
    )
    assert not ended.stderr, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip(f"no {HEADERS[machine]} here")
    theirs = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    kernel = {name: int(number) for name, number in theirs}
    kernel.setdefault("newfstatat", kernel.get("fstatat", -1))
    ours = numbers(ALLOWED + JUDGED, machine)
    assert {name: kernel.get(name) for name in ours} == ours


def test_calls_that_only_one_machine_has_are_left_out_on_the_other() -> None:
    assert "fork" in numbers(JUDGED, "x86_64")
    assert "fork" not in numbers(JUDGED, "aarch64")
    assert not known("riscv64")


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("gpu", [False, True])
def test_every_jump_ends_inside_the_program_and_every_path_at_a_verdict(machine: str, gpu: bool) -> None:
    steps = list(struct.iter_unpack("HBBI", filter_of(7, filter_template(gpu=gpu, machine=machine))))
    assert len(steps) < 4096
    for place, (operation, if_true, if_false, _) in enumerate(steps):
        assert place + 1 + max(if_true, if_false) < len(steps) or operation == 0x06
    assert steps[-1][0] == 0x06


def test_the_process_is_put_where_it_belongs_and_nowhere_else() -> None:
    for machine in MACHINES:
        made = struct.iter_unpack("HBBI", filter_of(4711, filter_template(gpu=True, machine=machine)))
        operands = [operand for *_, operand in made]
        assert (operands.count(4711), OWN_PID in operands) == (2, False)


def test_signals_reach_only_itself() -> None:
    code = """
signal.signal(signal.SIGUSR1, lambda *arguments: None)
refuse_system_calls(filter_template())
for action in (
    lambda: os.kill(os.getpid(), signal.SIGUSR1), lambda: signal.raise_signal(signal.SIGUSR1),
    lambda: os.kill(os.getppid(), 0), lambda: os.kill(0, 0), lambda: os.kill(-1, 0),
):
    print(tried(action))
"""
    assert answers("landlock.restrict(2, ['/'], [])" + code) == ["done"] * 2 + ["Operation not permitted"] * 3


def test_without_the_filter_signals_pass_both_walls_below_abi_6() -> None:
    """So it is the filter that stops them on older kernels, and the tests that lower the ABI prove something."""
    if landlock_abi() < 6:
        pytest.skip("an older kernel")
    inner = "landlock.restrict({}, ['/'], []); print(tried(lambda: os.kill(os.getppid(), 0)))"
    assert answers(inner.format(5)) == ["done"]
    assert answers(inner.format(6)) == ["Operation not permitted"]
    sandlock = pytest.importorskip("sandlock")
    from graders.sandbox.inside.supervisor import done_without

    outer = [sys.executable, "-c", "import os; os.kill(os.getppid(), 0)"]
    for abi, succeeds in (5, True), (6, False):
        ended = sandlock.Sandbox(fs_readable=["/"], disable=done_without(abi)).run(outer)
        assert ended.success is succeeds, ended.stderr


def test_arguments_are_judged() -> None:
    code = """
import fcntl, resource, socket, threading
ours, theirs = socket.socketpair()
read, write = os.pipe()
landlock.restrict(2, ["/"], [os.getcwd()])
refuse_system_calls(filter_template())
thread = threading.Thread(target=print, args=["a thread"])
thread.start(), thread.join()
for action in (
    lambda: fcntl.fcntl(read, fcntl.F_SETFL, os.O_NONBLOCK),
    lambda: os.isatty(read),
    lambda: os.set_blocking(read, True),
    lambda: resource.getrlimit(resource.RLIMIT_AS),
    lambda: ours.sendall(b"x"),
    lambda: theirs.recv(1),
    lambda: fcntl.fcntl(read, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC),
    lambda: fcntl.ioctl(read, 0xC0104629, bytes(16)),
    lambda: resource.prlimit(os.getppid(), resource.RLIMIT_AS),
    lambda: ours.send(b"x", socket.MSG_OOB),
    lambda: os.open("/", 3),
    lambda: os.open("/", os.O_RDONLY | os.O_TRUNC),
    os.fork,
    lambda: os.execv("/bin/true", ["true"]),
):
    print(tried(action))
"""
    ended = ["a thread", *["done"] * 6, *["Operation not permitted"] * 6]
    assert answers(code) == [*ended, "Resource temporarily unavailable", "Operation not permitted"]


def test_nvidias_driver_is_called_with_a_gpu_only() -> None:
    code = """
import fcntl
nothing = os.open("/dev/null", os.O_RDONLY)
refuse_system_calls(filter_template(gpu={}))
for number in (0xC0104629, 0x30000001, 0x19, 0x40086602, 0x8901, 0x5452, 0x5412):
    print(tried(lambda: fcntl.ioctl(nothing, number, bytes(64))))
"""
    restrict = "landlock.restrict(2, ['/'], [])"
    driver, refused = "Inappropriate ioctl for device", "Operation not permitted"
    assert answers(restrict + code.format(True)) == [driver] * 3 + [refused] * 4
    assert answers(restrict + code.format(False)) == [refused] * 7


@pytest.mark.skipif(platform.machine() != "x86_64", reason="calls of x86_64")
@pytest.mark.parametrize("number", [0x40000000 | 39, 0x40000000 | 512])
def test_calls_of_the_kind_with_32_bit_pointers_end_the_process(number: int) -> None:
    code = f"landlock.restrict(2, ['/'], []); refuse_system_calls(filter_template()); tried(lambda: call({number}))"
    ended = subprocess.run([sys.executable, "-c", FILTERED + code], capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGSYS


def test_calls_newer_than_the_table_do_not_exist() -> None:
    code = "landlock.restrict(2, ['/'], []); refuse_system_calls(filter_template()); print(tried(lambda: call({})))"
    assert answers(code.format(999)) == ["Function not implemented"]
    assert answers(code.format(435)) == ["Function not implemented"]  # clone3
