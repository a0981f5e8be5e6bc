"""Which isolation is available: what is missing is named, also where a container refuses a part of it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from graders.sandbox import isolation
from graders.sandbox.inside.system_calls import ALLOWS, EQUAL, LOAD, Step, case, refuse
from graders.sandbox.isolation import NEEDED_ABI, SUPERVISING, Isolation, SandboxError, require_walls, walls
from graders.sandbox.threats import THREATS, table

ADVICE = "`trivium doctor` tells more. Use `--isolation none` to run trusted code without it"
AVAILABLE = dict.fromkeys(("sandlock", "Landlock", "seccomp", "/proc"), "")
REFUSING = """
import ctypes, struct, sys
program = bytes.fromhex(sys.argv[1])
buffer = ctypes.create_string_buffer(program, len(program))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer)), 0, 0) == 0
from graders.sandbox.isolation import walls
print(walls()[sys.argv[2]])
"""


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where nothing is missing."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(isolation, "walls", AVAILABLE.copy)


def test_an_older_kernel_is_enough_and_a_still_older_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sandlock")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(isolation, "_seccomp", lambda: "")
    for abi in range(NEEDED_ABI, 7):
        monkeypatch.setattr(isolation, "landlock_abi", lambda abi=abi: abi)
        assert walls() == AVAILABLE
        require_walls(Isolation.SANDLOCK)
    for abi, has in (1, "the kernel offers ABI 1"), (0, "the kernel, or the container, does not offer it"):
        monkeypatch.setattr(isolation, "landlock_abi", lambda abi=abi: abi)
        reason = f"{has}; ABI 2 is needed (Linux 5.19 and later)"
        assert walls()["Landlock"] == reason
        with pytest.raises(SandboxError) as error:
            require_walls(Isolation.SANDLOCK)
        assert str(error.value) == f"the sandbox is not available: Landlock: {reason}. {ADVICE}"
    require_walls(Isolation.NONE)


def test_everything_that_is_missing_is_named_at_once(complete: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "walls", lambda: {**AVAILABLE, "Landlock": "too old", "/proc": "not mounted"})
    with pytest.raises(SandboxError) as error:
        require_walls(Isolation.SANDLOCK)
    assert str(error.value) == f"the sandbox is not available: Landlock: too old; /proc: not mounted. {ADVICE}"


def test_without_sandlock_and_on_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sandlock", None)
    assert walls()["sandlock"] == "not installed: pip install 'trivium[graders]'"
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert walls()["seccomp"] == "the system calls of riscv64 are not known; grade on x86_64 or aarch64"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert walls() == dict.fromkeys(AVAILABLE, "needs Linux, this is darwin")


@pytest.mark.skipif(sys.platform != "linux" or bool(walls()["seccomp"]), reason="no seccomp here")
@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (["pidfd_getfd"], "pidfd_getfd refused by the kernel, or by the container; in a container that may take"),
        (["pidfd_open"], "pidfd_open, pidfd_getfd refused by the kernel, or by the container; in a container"),
        (["process_vm_readv"], "process_vm_readv refused by the kernel, or by the container; in a container"),
        (["seccomp"], "seccomp refused by the kernel, or by the container\n"),
    ],
)
def test_what_a_container_refuses_is_named(refused: list[str], reason: str) -> None:
    column = ["x86_64", "aarch64"].index(os.uname().machine)
    numbers = [SUPERVISING[name][column] for name in refused]
    steps = [Step(LOAD, 0), *(step for number in numbers for step in case(EQUAL, number, refuse(1))), ALLOWS]
    program = b"".join(struct.pack("HBBI", step[0], step.if_true, step.if_false, step.operand) for step in steps)
    command = [sys.executable, "-c", REFUSING, program.hex(), "seccomp"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.startswith(reason)


def test_every_threat_has_a_wall_and_the_table_tells_which_stands() -> None:
    rows = dict(zip([threat.what for threat in THREATS], table(AVAILABLE, 6), strict=True))
    assert all(closed_by and here.startswith("by ") for _, closed_by, here in rows.values())
    assert rows["signals other processes"][1:] == ("seccomp and Landlock since ABI 6", "by seccomp and Landlock")


def test_on_an_older_kernel_the_table_tells_what_stands_alone() -> None:
    here = {what: stands for what, _, stands in table(AVAILABLE, 4)}
    assert here["signals other processes"] == "by seccomp alone: Landlock would need Linux 6.12"
    assert here["reaches the network"] == "by seccomp and Landlock"
    assert not any(stands == "no" for stands in here.values())


def test_without_landlock_or_seccomp_the_table_tells_what_is_open() -> None:
    without = {what: stands for what, _, stands in table({"Landlock": "too old", "seccomp": "refused"}, 0)}
    assert without["reads, writes, moves or removes files outside its folder"] == "no"
    assert without["signals other processes"] == without["starts processes or programs"] == "no"
    assert without["uses the privileges of root"] == "by dropped capabilities"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="takes root to become somebody else")
def test_a_uid_without_a_name_has_the_same_walls(tmp_path: Path) -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); import graders.sandbox.isolation as isolation, sandlock; "
        "os.environ.pop('HOME', 0); os.setgroups([]); os.setgid(12345); os.setuid(12345); print(isolation.walls())"
    )
    command = [sys.executable, "-c", code, str(Path(isolation.__file__).parents[2])]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path).stdout
    assert said.strip() == str(walls())
