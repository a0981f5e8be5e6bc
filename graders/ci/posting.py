"""Posts comments on commits, to GitHub or GitLab. It needs no grader's library, and no submission is near it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from graders.ci.lists import read_list
from graders.errors import OptionError
from sanity.core.errors import UserError

TOKEN = "COMMENTS_TOKEN"
"""The variable with a token that may comment."""
SECONDS = 60
"""For one request."""
TRIES, PATIENCE = 3, 120
"""How often a request is sent to a platform that says when to come again, if that is in at most so many seconds."""


class Comment(msgspec.Struct, frozen=True):
    """A comment on a commit."""

    repository: str
    """OWNER/NAME, or a URL."""
    commit: str
    body: str
    """Markdown."""


class _There(msgspec.Struct):
    """A comment that is there already, as GitHub or GitLab answers."""

    body: str | None = None
    note: str | None = None


class PostError(UserError):
    """A comment that the platform did not take."""

    exit_status = 1


class TooMany(PostError):
    """The platform takes no more comments for now."""


class _Nowhere(HTTPRedirectHandler):
    """Follows no redirection: the token would go along, to any host."""

    def redirect_request(self, *_: object) -> None:
        """Return no request, by which the redirection is an HTTPError."""


def read_comments(path: Path) -> list[Comment]:
    """Return the comments in a file; raise OptionError."""
    return read_list(path, list[Comment], "trivium ci comments")


def post(comments: Sequence[Comment], environment: Mapping[str, str] = os.environ) -> tuple[int, list[str]]:
    """Post the comments that are not there already; return their number, and a line for each that was not taken.

    If the platform takes no more for now, the rest is left for another call. Raises OptionError if there is no valid
    token, or no platform's API in the environment.
    """
    new, problems = 0, []
    for number, comment in enumerate(comments, start=1):
        try:
            new += _post(comment, environment)
        except PostError as error:
            problems.append(str(error))
            if isinstance(error, TooMany) and number < len(comments):
                problems.append(f"{len(comments) - number} more were not tried: run the same command again later")
                break
    return new, problems


def _post(comment: Comment, environment: Mapping[str, str]) -> bool:
    """Post one comment; return False if it is there already, as after a second run on the same tag."""
    token = environment.get(TOKEN, "").strip()
    if not token:
        raise OptionError(f"{TOKEN} is not set: it is a token that may comment on commits")
    if not re.fullmatch("[!-~]+", token):
        raise OptionError(f"{TOKEN}: has a character that no token has")
    path = project_of(comment.repository)
    if api := environment.get("GITHUB_API_URL"):
        url, field = f"{api}/repos/{quote(path)}/commits/{comment.commit}/comments", "body"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    elif api := environment.get("CI_API_V4_URL"):
        url, field = f"{api}/projects/{quote(path, safe='')}/repository/commits/{comment.commit}/comments", "note"
        headers = {"PRIVATE-TOKEN": token}
    else:
        raise OptionError("neither GITHUB_API_URL nor CI_API_V4_URL is set: run this in a job of GitHub or GitLab")
    answer = _request(comment, f"{url}?per_page=100", headers)
    try:
        there = msgspec.json.decode(answer, type=list[_There])
    except (msgspec.MsgspecError, RecursionError):
        raise PostError(f"{comment.repository}: GET {url}?per_page=100: the answer is no list of comments") from None
    if any((getattr(one, field) or "").strip() == comment.body.strip() for one in there):
        return False
    _request(comment, url, headers, {field: comment.body})
    return True


def project_of(repository: str) -> str:
    """Return the OWNER/NAME of a repository, as its platform's API calls it.

    >>> project_of("org/a2-ada"), project_of("https://git.example.org/org/sub/a2.git/")
    ('org/a2-ada', 'org/sub/a2')
    >>> project_of("git@git.example.org:org/a2-ada.git"), project_of("ssh://git@git.example.org:22/org/a2-ada")
    ('org/a2-ada', 'org/a2-ada')
    """
    path = urlsplit(repository).path if "://" in repository else re.sub("^[^/]*:", "", repository)
    return path.strip("/").removesuffix(".git")


def _request(comment: Comment, url: str, headers: Mapping[str, str], data: Mapping[str, str] | None = None) -> bytes:
    """Return what a platform answers; raise PostError, or OptionError if it does not take the token."""
    if not url.startswith(("https://", "http://")):
        raise PostError(f"{comment.repository}: {url} is no address of an API")
    body = None if data is None else msgspec.json.encode(data)
    what = f"{comment.repository}: {'GET' if body is None else 'POST'} {url}"
    tries = 0
    while True:
        tries += 1
        try:
            request = Request(url, body, {**headers, "Content-Type": "application/json", "User-Agent": "trivium"})
            with build_opener(_Nowhere).open(request, timeout=SECONDS) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            wait = error.headers.get("Retry-After", "")
            said = f"{what}: {error.code} {error.reason}"
            if error.code in range(300, 400):
                raise PostError(f"{said}: it has another name or address now; write that in the list") from None
            if error.code == 401:
                raise OptionError(f"{TOKEN}: the platform does not take this token: {said}") from None
            if error.code != 429 and not wait:
                raise PostError(said) from None
            if tries == TRIES or not wait.isdecimal() or int(wait) > PATIENCE:
                raise TooMany(said) from None
            time.sleep(int(wait))
        except (OSError, ValueError, HTTPException) as error:
            raise PostError(f"{what}: {error}") from None
