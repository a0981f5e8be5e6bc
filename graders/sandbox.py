"""Starting zygotes, inside the sandbox or without it, and asking them for workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from sanity.errors import CannotAsk
from sanity.manifest import Manifest

START_SECONDS = 120
"""How long a zygote may take to import torch, on a slow disk."""
REAP_SECONDS = 30
MAX_FILE_BYTES = 16 * 2**20
"""Of one file that a worker writes."""
MAX_OPEN_FILES = 128

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",  # forked workers must find no thread pool
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONBREAKPOINT": "0",
    "PYTHONHASHSEED": "0",
    "CUDA_VISIBLE_DEVICES": "",
}
"""All that a submission sees of the environment, but for HOME and TMPDIR, which are its own folder."""


class Isolation(StrEnum):
    """The walls around a submission."""

    SANDLOCK = "sandlock"
    """Landlock and seccomp: no network, no files but its own, no signals, limited memory and processes."""
    NONE = "none"
    """Separate processes with limits only. For code you trust."""


class SandboxError(CannotAsk):
    """The sandbox cannot be set up, or a zygote did not start; the message is one line."""


def walls() -> dict[str, str]:
    """Return the walls that `sandlock` isolation needs, each with "" or the reason why it does not stand here."""
    if sys.platform != "linux":
        reason = f"needs Linux, this is {sys.platform}"
        return {"sandlock": reason, "Landlock": reason}
    try:
        import sandlock
    except ImportError:
        return {"sandlock": "not installed: pip install 'trivium[graders]'", "Landlock": "not tested"}
    have, need = sandlock.landlock_abi_version(), sandlock.min_landlock_abi()
    landlock = "" if have >= need else f"the kernel offers ABI {have}, {need} is needed (Linux 6.12 and later)"
    return {"sandlock": "", "Landlock": landlock}


def require_walls(isolation: Isolation) -> None:
    """Raise SandboxError if this isolation cannot be had here."""
    if sys.platform != "linux":
        raise SandboxError(f"grading needs Linux, this is {sys.platform}; a virtual machine or a container will do")
    if isolation is Isolation.SANDLOCK:
        for wall, reason in walls().items():
            if reason:
                raise SandboxError(f"no sandbox here: {wall}: {reason}. `--isolation none` grades without one")


@dataclass(frozen=True)
class Purpose:
    """What the workers of a zygote are for, and what they need for it; as it stands, to answer questions."""

    server: str = "graders.box.worker"
    """The module whose `prepare` and `serve` they run."""
    readable: tuple[str, ...] = ()
    """Files and folders, besides Python and ours."""
    writable: tuple[str, ...] = ()
    """Folders and devices, besides their own folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What differs from ENVIRONMENT."""
    address_space: bool = True
    """Whether memory is limited as address space. A GPU's driver reserves far more of it than there is memory."""
    file_bytes: int = MAX_FILE_BYTES
    open_files: int = MAX_OPEN_FILES
    inherited: tuple[int, ...] = ()
    """Descriptors that stay open as long as any process of the sandbox lives, such as a lock."""


@dataclass(frozen=True)
class Forked:
    """A worker as its zygote and its grader know it."""

    pid: int
    folder: Path
    channel: socket.socket
    output: int
    """The read end of its standard output, non-blocking."""


class Zygote:
    """One running zygote. Its workers live in folders below its scratch folder; close() ends and removes all."""

    def __init__(self, manifest: Manifest, isolation: Isolation, purpose: Purpose | None = None) -> None:
        self.manifest = manifest
        self.purpose = purpose or Purpose()
        self.scratch = Path(tempfile.mkdtemp(prefix="trivium-")).resolve()
        self._lock = threading.Lock()
        self._forks = 0
        self._versions: dict[str, str] = {}
        self._used_mb = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = "wall.py" if isolation is Isolation.SANDLOCK else "zygote.py"
        settings = json.dumps(self._settings(isolation))
        self._errors = (self.scratch / "errors").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).parent / "box" / program), settings],
            stdin=theirs.fileno(),
            stdout=self._errors,
            stderr=self._errors,
            env=self._environment(),
            pass_fds=self.purpose.inherited,
            start_new_session=True,  # Ctrl-C is for the grader, which then ends its zygotes in order
        )
        theirs.close()

    def _environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, **self.purpose.environment, "HOME": str(self.scratch), "TMPDIR": str(self.scratch)}

    def _settings(self, isolation: Isolation) -> dict[str, Any]:
        root = Path(__file__).resolve().parent.parent
        paths = sysconfig.get_paths()
        libraries = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], *site.getsitepackages()}
        libraries |= {str(Path(sys.base_prefix).resolve() / "lib"), "/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"}
        own = {str(root / "sanity"), str(root / "graders" / "__init__.py"), str(root / "graders" / "box")}
        start = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent), "/usr/bin", "/proc", "/sys"}
        readable = libraries | own | {"/dev/urandom"} | set(self.purpose.readable)
        return {
            "server": self.purpose.server,
            "assignment": self.manifest.name,
            "files": self.manifest.modules,
            "root": str(root),
            "scratch": str(self.scratch),
            "confined": isolation is Isolation.SANDLOCK,
            "environment": self._environment(),
            "inherited": self.purpose.inherited,
            "readable": sorted(path for path in readable if Path(path).exists()),
            "writable": self.purpose.writable,
            "starting": sorted(path for path in start if Path(path).exists()),
        }

    def alive(self) -> bool:
        """Return whether the zygote still runs."""
        return self._process.poll() is None

    def wait_ready(self) -> dict[str, str]:
        """Wait until workers can be forked; return the versions there. Raise SandboxError if that fails."""
        if self._versions:
            return self._versions
        try:
            self._control.settimeout(START_SECONDS)
            message = self._control.recv(65536)
        except OSError:  # TimeoutError too
            message = b""
        if not message:
            raise SandboxError(f"the sandbox did not start: {self._last_error()}")
        ready = json.loads(message)
        self._used_mb, self._versions = int(ready["used_mb"]), dict(ready["versions"])
        return self._versions

    def _last_error(self) -> str:
        if self._errors.closed:
            return "it was ended"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it gave no reason"

    def fork(self, files: Mapping[str, bytes], seconds: float) -> Forked:
        """Fork a worker in a new folder that holds files; raise SandboxError if that fails."""
        with self._lock:
            self.wait_ready()
            self._forks += 1
            folder = self.scratch / f"w{self._forks}"
            lay_out(folder, files)
            return self._fork(folder, seconds)

    def fork_in(self, folder: Path, seconds: float) -> Forked:
        """Fork a worker in a folder that is there and that stays; raise SandboxError if that fails."""
        with self._lock:
            self.wait_ready()
            return self._fork(folder, seconds)

    def _fork(self, folder: Path, seconds: float) -> Forked:
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        os.set_blocking(read, False)
        try:
            pid = self._order({"fork": str(folder)}, (theirs.fileno(), write))["pid"]
            self._limit(pid, seconds)
        except BaseException:
            ours.close()
            os.close(read)
            raise
        finally:
            theirs.close()
            os.close(write)
        return Forked(pid, folder, ours, read)

    def _limit(self, pid: int, seconds: float) -> None:
        """Limit a worker from outside, before it has seen any of the submission: in there nobody may set limits."""
        import resource  # which Windows lacks

        limits = {
            resource.RLIMIT_CPU: int(seconds) + 6,  # the grader's clock ends a worker sooner
            resource.RLIMIT_FSIZE: self.purpose.file_bytes,
            resource.RLIMIT_NOFILE: self.purpose.open_files,
            resource.RLIMIT_CORE: 0,
        }
        if self.purpose.address_space:
            limits[resource.RLIMIT_AS] = (self._used_mb + self.manifest.memory_mb) * 2**20
        try:
            for limit, value in limits.items():
                resource.prlimit(pid, limit, (value, value))
        except OSError as error:
            raise SandboxError(f"a worker cannot be limited: {error.strerror}") from None

    def reap(self, worker: Forked) -> dict[str, Any]:
        """End a worker and what it started, remove a folder that `fork` made, and return {"status", "rss_mb", "cpu"}.

        Raise SandboxError if the zygote is dead.
        """
        with self._lock:
            try:
                return self._order({"reap": worker.pid})
            finally:
                worker.channel.close()
                os.close(worker.output)
                if worker.folder.parent == self.scratch:
                    remove(worker.folder)

    def _order(self, order: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        try:
            self._control.settimeout(REAP_SECONDS)
            socket.send_fds(self._control, [json.dumps(order).encode()], descriptors)
            message = self._control.recv(65536)
        except OSError:  # TimeoutError too
            message = b""
        if not message:
            raise SandboxError(f"a zygote died: {self._last_error()}")
        reply: dict[str, Any] = json.loads(message)
        return reply

    def close(self) -> None:
        """End the zygote and its workers, and remove the scratch folder."""
        self._control.close()  # the zygote sees this, sweeps and ends
        try:
            self._process.wait(REAP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._errors.close()
        remove(self.scratch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder; raise SandboxError, and leave none, if that fails."""
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        remove(folder)
        raise SandboxError(f"{folder}: cannot lay out a submission: {error.strerror}") from None


def remove(folder: Path) -> None:
    """Remove a folder, even if a submission locked it or nested it deeper than Python's own recursion goes."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in ("chmod", "-R", "u+rwX"), ("rm", "-rf"):
            subprocess.run([*command, folder], stderr=subprocess.DEVNULL, check=False)
