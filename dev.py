"""Try and develop Trivium: `python3 dev.py demo`, `python3 dev.py test`; `python3 dev.py` lists the rest.

What follows `--` goes to the task: `python3 dev.py bench -- word2vec`, `python3 dev.py test -- -k notebook`.

Needs only Python 3.11 or newer. The first call makes the virtual environment .venv and installs what
constraints.txt pins; then tox runs what was asked, in that environment.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = sys.platform == "win32"
BIN = VENV / ("Scripts" if WINDOWS else "bin")

STEP = re.compile(r"\s*(Collecting|Downloading|Building|Installing) (?:.*/)?(.+?)(?: \(from .*)?$")
"""What pip says of each package; of an address, only the file's name is shown."""


def install() -> None:
    """Bring .venv up to date with pyproject.toml and constraints.txt."""
    pinned = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes()
    stamp, digest = VENV / "installed", hashlib.sha256(pinned).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    print("installing into .venv: some minutes, the first time", flush=True)
    venv.create(VENV, with_pip=True, clear=True)
    pip = [BIN / "python", "-m", "pip", "install", "--disable-pip-version-check"]
    run_pip([*pip, "-c", ROOT / "constraints.txt", "-e", f"{ROOT}[dev]"])
    stamp.write_text(digest)


def run_pip(command: list[str | Path]) -> None:
    """Run pip, show each step in a line, on a terminal always the same one; raise CalledProcessError if it fails."""
    last: deque[str] = deque(maxlen=20)
    terminal = sys.stdout.isatty() and not WINDOWS  # whose consoles may print the codes below
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace", cwd=ROOT) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last.append(line)
            step = shown(line)
            if step and terminal:
                print(f"\r\033[K{step[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
            elif step:
                print(step, flush=True)
    if terminal:
        print("\r\033[K", end="", flush=True)
    if pip.returncode:
        print(*last, sep="", end="", file=sys.stderr)  # pip says part of what is wrong on standard output
        raise subprocess.CalledProcessError(pip.returncode, command)


def shown(line: str) -> str:
    """Return what to show of a line that pip prints, or ""."""
    step = STEP.match(line)
    if step is None or ".metadata" in line:
        return ""
    what, name = step.groups()
    if name.startswith("collected packages: "):
        return f"installing {len(name.split(', '))} packages"
    return f"{what.lower()} {name}"


def main(arguments: list[str]) -> int:
    """Run tox for each task, with what follows `--` as its arguments; return the first exit status that is not 0."""
    if sys.version_info < (3, 11):
        print(f"dev.py: Python 3.11 or newer is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    end = arguments.index("--") if "--" in arguments else len(arguments)
    tasks, rest = arguments[:end], arguments[end:]
    install()
    left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment["TRIVIUM_BIN"] = str(BIN)
    tox = [BIN / "python", "-m", "tox", "--root", ROOT, "-c", ROOT / "tox.ini"]
    command = [*tox, "run", "-q", "-e", ",".join(tasks), *rest] if tasks else [*tox, "list"]
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"dev.py: the installation failed (exit status {error.returncode}); see above")
    except KeyboardInterrupt:
        sys.exit(130)
