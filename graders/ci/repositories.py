"""Fetches what students have tagged: for each repository the newest tag, as an archive, without running anything."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from graders.atomic import write_atomically
from graders.ci.lists import read_list
from graders.errors import OptionError
from sanity.core.errors import UserError

TOKEN = "STUDENTS_TOKEN"
"""The variable with a token that reads the repositories; without it git asks nobody."""
SERVERS = ("GITHUB_SERVER_URL", "CI_SERVER_URL")
"""Where the platforms say what OWNER/NAME is relative to."""
SECONDS = 300
"""For one call of git."""
_HELPER = f'!f() {{ echo username=oauth2; echo "password=${TOKEN}"; }}; f'


@dataclass(frozen=True)
class Repository:
    """A line of the list."""

    name: str
    """What the submission is called."""
    path: str
    """As it is in the list: OWNER/NAME, or a URL."""


class Fetched(msgspec.Struct, frozen=True):
    """A submission: what a tag of a repository names."""

    name: str
    repository: str
    tag: str
    commit: str


class FetchError(UserError):
    """A repository that cannot be read."""


@dataclass(frozen=True)
class Fetching:
    """What became of a list of repositories."""

    fetched: tuple[Fetched, ...]
    without_tag: tuple[str, ...]
    """Names of repositories in which there is nothing to grade yet."""
    problems: tuple[str, ...]
    """One line for each repository that cannot be read."""


def read_repositories(path: Path) -> list[Repository]:
    """Return the repositories of a list; raise OptionError for a line that is none, and for a name that is there twice.

    A line is OWNER/NAME or a URL, with a name before it or not. Empty lines and those that begin with # are none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    found: dict[str, Repository] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or line.lstrip().startswith("#"):
            continue
        place = words[-1].rstrip("/")
        name = words[0] if len(words) == 2 else re.split(r"[/:]", place)[-1].removesuffix(".git")
        if len(words) > 2 or "/" not in place or place.startswith("-") or not re.fullmatch(r"\w[\w.@+-]*", name):
            raise OptionError(f"{path}:{number}: expected OWNER/NAME or a URL, with a name before it or not: {line!r}")
        if name in found:
            raise OptionError(f"{path}:{number}: a second {name}; write another name before the repository")
        found[name] = Repository(name, place)
    if not found:
        raise OptionError(f"{path}: lists no repository")
    return list(found.values())


def fetch_all(repositories: Sequence[Repository], tag: str, out: Path) -> Fetching:
    """Write an archive NAME.zip for each repository that has such a tag; OUT.json lists what was fetched.

    Of several tags the one with the highest number counts: submit-10 is above submit-9. An archive of an earlier call
    is removed where there is no such tag any more.

    Raises OptionError where OWNER/NAME is relative to no server.
    """
    urls = [url_of(repository.path) for repository in repositories]
    out.mkdir(parents=True, exist_ok=True)

    def fetch(repository: Repository, url: str) -> Fetched | FetchError | None:
        try:
            return _fetch(repository, url, tag, out / f"{repository.name}.zip")
        except FetchError as error:
            return error

    with ThreadPoolExecutor(8) as pool:  # git waits for the network
        done = list(pool.map(fetch, repositories, urls))
    fetched = tuple(one for one in done if isinstance(one, Fetched))
    write_atomically(out.with_name(f"{out.name}.json"), msgspec.json.format(msgspec.json.encode(fetched)) + b"\n")
    return Fetching(
        fetched,
        tuple(repository.name for repository, one in zip(repositories, done, strict=True) if one is None),
        tuple(str(one) for one in done if isinstance(one, FetchError)),
    )


def read_fetched(path: Path) -> list[Fetched]:
    """Return what `fetch_all` listed; raise OptionError."""
    return read_list(path, list[Fetched], "trivium ci fetch")


def url_of(path: str) -> str:
    """Return the URL of a repository: OWNER/NAME is on the server that the platform names, ./NAME is here."""
    if path.startswith((".", "/")):
        return str(Path(path).resolve())
    if "://" in path or "@" in path:
        return path
    server = next((os.environ[name] for name in SERVERS if os.environ.get(name)), "")
    if not server:
        raise OptionError(f"{path}: on which server? Write a URL, or set {' or '.join(SERVERS)}")
    return f"{server.rstrip('/')}/{path.removesuffix('.git')}.git"


def _fetch(repository: Repository, url: str, tag: str, archive: Path) -> Fetched | None:
    """Fetch the newest tag, without a working tree: nothing of a student's lands on this disk but in an archive."""
    archive.unlink(missing_ok=True)
    with TemporaryDirectory() as folder:
        tags = f"refs/tags/{tag}"
        listed = _git(repository, folder, "ls-remote", "--tags", "--refs", "--sort=-version:refname", "--", url, tags)
        if not listed.strip():
            return None
        ref = listed.splitlines()[0].split("\t")[1]
        _git(repository, folder, "init", "--quiet", "--bare")
        _git(repository, folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", url, ref)
        commit = _git(repository, folder, "rev-parse", "FETCH_HEAD^{commit}").strip()
        _git(repository, folder, "archive", "--format=zip", f"--output={archive.resolve()}", commit)
    return Fetched(repository.name, repository.path, ref.removeprefix("refs/tags/"), commit)


def _git(repository: Repository, folder: str, *arguments: str) -> str:
    """Return what git prints; raise FetchError with its last line."""
    helper = ["-c", "credential.helper=", "-c", f"credential.helper={_HELPER}"] if os.environ.get(TOKEN) else []
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *helper, *arguments],
            cwd=folder,
            env={**os.environ, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
    except FileNotFoundError:
        raise OptionError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"{repository.name}: {repository.path}: no answer in {SECONDS} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"git ended with {done.returncode}"]
        raise FetchError(f"{repository.name}: {repository.path}: {said[-1]}")
    return done.stdout.decode(errors="replace")
