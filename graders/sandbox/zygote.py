"""Starts zygotes, in the sandbox or without it, and lets them fork and reap workers."""

from __future__ import annotations

import json
import os
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from graders.sandbox.folders import lay_out, remove
from graders.sandbox.isolation import Isolation, SandboxError, landlock_abi
from graders.sandbox.profile import Profile

READABLE = (
    *("sanity/__init__.py", "sanity/core", "sanity/gradients", "sanity/training"),
    *("graders/__init__.py", "graders/sandbox/__init__.py", "graders/sandbox/inside"),
)
"""The part of this repository that a worker may read, in addition to its assignment's package."""
PROC = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo")
"""The part of /proc that the sandbox may read, where sandlock's supervisor opens the files: not other processes',
nor what the kernel tells about the machine, such as its locks and timers."""
START_SECONDS = 120
"""For importing torch from a slow disk."""
REAP_SECONDS = 30
SPARE_CPU_SECONDS = 30
"""Processor time of many threads until the grader's clock, which looks four times a second, has seen it."""

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",  # no thread pool: its threads would not survive the fork
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONBREAKPOINT": "0",
    "PYTHONHASHSEED": "0",
    "CUDA_VISIBLE_DEVICES": "",
}
"""The environment of a submission, without HOME and TMPDIR, which are its folder."""


@dataclass(frozen=True)
class WorkerHandle:
    """Handle of a forked worker."""

    pid: int
    folder: Path
    channel: socket.socket
    """The connection for requests and replies."""
    output: int
    """The read end of its standard output, non-blocking."""


class Zygote:
    """One running zygote and its workers. `close` ends them and removes their folders. Threads may share it."""

    def __init__(self, profile: Profile, isolation: Isolation) -> None:
        self.profile = profile
        self.scratch = Path(tempfile.mkdtemp(prefix="trivium-")).resolve()
        self._lock = threading.Lock()
        self._forks = 0
        self._ready = False
        self._used_mb = 0
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = "supervisor.py" if isolation is Isolation.SANDLOCK else "zygote.py"
        settings = json.dumps(self._settings(isolation))
        self._errors = (self.scratch / "errors").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("inside") / program), settings],
            stdin=theirs.fileno(),
            stdout=self._errors,
            stderr=self._errors,
            env=self._environment(),
            pass_fds=self.profile.inherited,
            start_new_session=True,  # Ctrl-C only reaches the grader, which then closes its zygotes
        )
        theirs.close()

    def _environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, **self.profile.environment, "HOME": str(self.scratch), "TMPDIR": str(self.scratch)}

    def _settings(self, isolation: Isolation) -> dict[str, Any]:
        root = Path(__file__).resolve().parents[2]
        paths = sysconfig.get_paths()
        libraries = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], *site.getsitepackages()}
        libraries |= {str(Path(sys.base_prefix).resolve() / "lib"), "/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"}
        own = {str(root / path) for path in (*READABLE, f"sanity/{self.profile.assignment}")}
        start = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent), "/usr/bin", "/sys", *PROC}
        readable = libraries | own | {"/dev/urandom"} | set(self.profile.readable)
        return {
            "server": self.profile.server,
            "assignment": self.profile.assignment,
            "modules": self.profile.modules,
            "legacy": self.profile.legacy,
            "statement_seconds": self.profile.statement_seconds,
            "root": str(root),
            "scratch": str(self.scratch),
            "confined": isolation is Isolation.SANDLOCK,
            "landlock": landlock_abi(),
            "gpu": any(path.startswith("/dev/nvidia") for path in self.profile.writable),
            "environment": self._environment(),
            "inherited": self.profile.inherited,
            "readable": sorted(path for path in readable if Path(path).exists()),
            "writable": self.profile.writable,
            "starting": sorted(path for path in start if Path(path).exists()),
        }

    def alive(self) -> bool:
        """Return whether the zygote still runs."""
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until workers can be forked. Raise SandboxError if the start fails."""
        if self._ready:
            return
        try:
            self._control.settimeout(START_SECONDS)
            message = self._control.recv(65536)
        except OSError:  # TimeoutError too
            message = b""
        if not message:
            raise SandboxError(f"the sandbox did not start: {self._last_error()}")
        self._used_mb, self._ready = int(json.loads(message)["used_mb"]), True

    def _last_error(self) -> str:
        if self._errors.closed:
            return "it was closed"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it gave no reason"

    def fork(self, files: Mapping[str, bytes], cpu_seconds: float) -> WorkerHandle:
        """Fork a worker in a new folder with these files; raise SandboxError if that fails.

        `cpu_seconds` is a last resort: the grader's clock ends a worker sooner.
        """
        with self._lock:
            self.wait_ready()
            self._forks += 1
            folder = self.scratch / f"w{self._forks}"
            lay_out(folder, files)
            return self._fork(folder, cpu_seconds)

    def fork_in(self, folder: Path, cpu_seconds: float) -> WorkerHandle:
        """Fork a worker in an existing folder, which is not removed with it; raise SandboxError if that fails."""
        with self._lock:
            self.wait_ready()
            return self._fork(folder, cpu_seconds)

    def _fork(self, folder: Path, cpu_seconds: float) -> WorkerHandle:
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        os.set_blocking(read, False)
        try:
            pid = self._request({"fork": str(folder)}, (theirs.fileno(), write))["pid"]
            self._limit(pid, cpu_seconds)
        except BaseException:
            ours.close()
            os.close(read)
            raise
        finally:
            theirs.close()
            os.close(write)
        return WorkerHandle(pid, folder, ours, read)

    def _limit(self, pid: int, cpu_seconds: float) -> None:
        """Set a worker's limits from outside, before it runs any code of the submission.

        Inside the sandbox the system calls for that are refused.
        """
        import resource  # which Windows lacks

        limits = {
            resource.RLIMIT_CPU: int(cpu_seconds) + SPARE_CPU_SECONDS,
            resource.RLIMIT_FSIZE: self.profile.file_bytes,
            resource.RLIMIT_NOFILE: self.profile.open_files,
            resource.RLIMIT_CORE: 0,
        }
        if self.profile.address_space:
            limits[resource.RLIMIT_AS] = (self._used_mb + self.profile.memory_mb) * 2**20
        try:
            for limit, value in limits.items():
                resource.prlimit(pid, limit, (value, value))
        except OSError as error:
            raise SandboxError(f"a worker cannot be limited: {error.strerror}") from None

    def reap(self, worker: WorkerHandle) -> dict[str, Any]:
        """End a worker and its descendants, and remove its folder if `fork` made it.

        Return {"status": wait status, "cpu": seconds of processor time}. Raise SandboxError if the zygote is dead.
        """
        with self._lock:
            try:
                return self._request({"reap": worker.pid})
            finally:
                worker.channel.close()
                os.close(worker.output)
                if worker.folder.parent == self.scratch:
                    remove(worker.folder)

    def _request(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        try:
            self._control.settimeout(REAP_SECONDS)
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
            message = self._control.recv(65536)
        except OSError:  # TimeoutError too
            message = b""
        if not message:
            raise SandboxError(f"a zygote died: {self._last_error()}")
        reply: dict[str, Any] = json.loads(message)
        return reply

    def close(self) -> None:
        """End the zygote and its workers, and remove the scratch folder."""
        self._control.close()  # the zygote reads the end of file, kills its workers and exits
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
