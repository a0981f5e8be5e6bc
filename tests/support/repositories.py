"""Git repositories on this machine, in the place of those on a platform."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = {
    **{f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def pushed(bare: Path, files: Mapping[str, bytes], *tags: str, work: Path | None = None) -> str:
    """Push a commit with files, and nothing else, and tags of it to a bare repository; return the commit."""
    if not bare.exists():
        bare.mkdir(parents=True)
        git(bare, "init", "--quiet", "--bare")
    clone = work or bare.with_name(f"{bare.name}-work")
    if not clone.exists():
        git(bare.parent, "clone", "--quiet", str(bare), str(clone))
    git(clone, "rm", "-rqf", "--ignore-unmatch", ".")
    for name, content in files.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_bytes(content)
    git(clone, "add", "--all", "--force")
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "work")
    for tag in tags:
        git(clone, "tag", tag)
    git(clone, "push", "--quiet", "origin", "HEAD:main", "--tags")
    return git(clone, "rev-parse", "HEAD")
