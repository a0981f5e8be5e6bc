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
from urllib.parse import urlsplit

import msgspec

from graders.atomic import write_atomically
from graders.ci.lists import read_list
from graders.ci.repositories import Repository, server, url_of
from graders.errors import OptionError
from graders.text.sanitize import clean_name
from sanity.core.errors import UserError

TOKEN = "STUDENTS_TOKEN"
"""The variable with a token that reads the repositories of one server; without it git asks nobody."""
SECONDS = 300
"""For one call of git."""
HOOK = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"}
"""Variables by which a hook of git, or what it starts, would have our calls work in its repository."""
AS_COMMITTED = "* -export-ignore -export-subst -filter -ident -text -working-tree-encoding\n"
"""Attributes that precede a student's own: each file is in the archive, and no program of this machine changes it."""
_HELPER = f'!f() {{ echo username=oauth2; echo "password=${TOKEN}"; }}; f'


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


def fetch_all(repositories: Sequence[Repository], tag: str, out: Path) -> Fetching:
    """Write an archive NAME.zip for each repository that has such a tag; OUT.json lists what was fetched.

    Of several tags the one with the highest number counts: submit-10 is above submit-9. An archive of an earlier call
    is removed where there is no such tag any more, and stays where the repository cannot be read.

    Raises OptionError where OWNER/NAME is relative to no server, or where OUT.json can have no name.
    """
    check_tag(tag)
    if out.name in ("", ".."):
        raise OptionError(f"--out {out}: expected a folder with a name: the list is written beside it, as NAME.json")
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


def check_tag(tag: str) -> None:
    """Raise OptionError unless a pattern of tags is one that needs no quotes in a workflow."""
    if not re.fullmatch(r"[\w./*?-]+", tag, re.ASCII) or tag.startswith("-"):
        raise OptionError(f"--tag {tag}: expected a pattern such as submit-*")


def read_fetched(path: Path) -> list[Fetched]:
    """Return what `fetch_all` listed; raise OptionError."""
    return read_list(path, list[Fetched], "trivium ci fetch")


def _fetch(repository: Repository, url: str, tag: str, archive: Path) -> Fetched | None:
    """Fetch the newest tag, without a working tree: nothing of a student's lands on this disk but in an archive."""
    with TemporaryDirectory() as folder:

        def git(*arguments: str) -> str:
            return _git(repository, url, folder, *arguments)

        tags = f"refs/tags/{tag}"
        listed = git("ls-remote", "--tags", "--refs", "--sort=-version:refname", "--", url, tags)
        if not listed.strip():
            archive.unlink(missing_ok=True)
            return None
        ref = listed.splitlines()[0].split("\t")[1]
        git("init", "--quiet", "--bare", "--template=")
        git("fetch", "--quiet", "--depth=1", "--no-tags", "--", url, ref)
        commit = git("rev-parse", "FETCH_HEAD^{}").strip()
        if git("cat-file", "-t", commit).strip() != "commit":
            raise FetchError(f"{repository.name}: {repository.path}: {_shown(ref)} is the tag of no commit")
        Path(folder, "info").mkdir()
        Path(folder, "info/attributes").write_text(AS_COMMITTED)
        scratch = archive.resolve().with_name(f".{archive.name}")  # hidden: if this is killed, it is no submission
        git("archive", "--format=zip", f"--output={scratch}", commit)
        scratch.replace(archive)
    return Fetched(repository.name, repository.path, _shown(ref), commit)


def _shown(ref: str) -> str:
    return clean_name(ref.removeprefix("refs/tags/"))


def _helper(url: str) -> list[str]:
    """Return the options by which git has the token, for one server alone: the platform's, else that of the URL.

    A repository that is elsewhere, or redirects there, is not given it.
    """
    place = urlsplit(server() or url)
    if not os.environ.get(TOKEN) or not place.netloc:
        return []
    root = f"{place.scheme}://{place.netloc.rpartition('@')[2]}"
    return ["-c", "credential.helper=", "-c", f"credential.{root}.helper={_HELPER}"]


def _git(repository: Repository, url: str, folder: str, *arguments: str) -> str:
    """Return what git prints; raise FetchError with what it says is wrong."""
    helper = _helper(url)
    around = {name: value for name, value in os.environ.items() if name not in HOOK}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *helper, *arguments],
            cwd=folder,
            env={**around, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
    except FileNotFoundError:
        raise OptionError("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"{repository.name}: {repository.path}: no answer in {SECONDS} s") from None
    if done.returncode:
        said, *_ = done.stderr.decode(errors="replace").strip().split("\n\n")  # below is advice
        what = clean_name("; ".join(said.splitlines()) or f"git ended with {done.returncode}", 500)
        raise FetchError(f"{repository.name}: {repository.path}: {what}")
    return done.stdout.decode(errors="replace")
