"""Try and develop Trivium: `python3 dev.py demo`, `python3 dev.py test`; `python3 dev.py` lists the rest.

Needs only Python 3.11 or newer. The first call makes the virtual environment .venv and installs what
constraints.txt pins; then tox runs what was asked, in that environment.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"


def install() -> None:
    """Bring .venv up to date with pyproject.toml and constraints.txt."""
    pinned = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes()
    stamp, digest = VENV / "installed", hashlib.sha256(pinned).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    print("installing into .venv: a minute or two, the first time", flush=True)
    venv.create(VENV, with_pip=True, clear=True)
    pip = [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", ROOT / "constraints.txt", "-e", f"{ROOT}[dev]"], check=True, cwd=ROOT)
    stamp.write_text(digest)


def main(tasks: list[str]) -> int:
    """Run tox for each task, and return the first exit status that is not 0."""
    if sys.version_info < (3, 11):
        print(f"dev.py: Python 3.11 or newer is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    install()
    here = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    tox = [BIN / "python", "-m", "tox", "--root", ROOT, "-c", ROOT / "tox.ini"]
    if not tasks:
        return subprocess.run([*tox, "list"], env=here).returncode
    return subprocess.run([*tox, "run", "-q", "-e", ",".join(tasks)], env=here).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"dev.py: the installation failed (exit status {error.returncode}); see above")
    except KeyboardInterrupt:
        sys.exit(130)
