"""Posts comments on commits, to GitHub or GitLab. It needs no grader's library, and no submission is near it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import msgspec

from graders.ci.lists import read_list
from graders.errors import OptionError
from sanity.core.errors import UserError

TOKEN = "COMMENTS_TOKEN"
"""The variable with a token that may comment."""
SECONDS = 60
"""For one request."""


class Comment(msgspec.Struct, frozen=True):
    """A comment on a commit."""

    repository: str
    """OWNER/NAME, or a URL."""
    commit: str
    body: str
    """Markdown."""


class PostError(UserError):
    """A comment that the platform did not take."""

    exit_status = 1


def read_comments(path: Path) -> list[Comment]:
    """Return the comments in a file; raise OptionError."""
    return read_list(path, list[Comment], "trivium ci comments")


def post(comments: Sequence[Comment], environment: Mapping[str, str] = os.environ) -> tuple[int, list[str]]:
    """Post the comments that are not there already; return their number, and a line for each that was not taken.

    Raises OptionError if there is no token, or no platform's API in the environment.
    """
    new, problems = 0, []
    for comment in comments:
        try:
            new += _post(comment, environment)
        except PostError as error:
            problems.append(str(error))
    return new, problems


def _post(comment: Comment, environment: Mapping[str, str]) -> bool:
    """Post one comment; return False if it is there already, as after a second run on the same tag."""
    token = environment.get(TOKEN)
    if not token:
        raise OptionError(f"{TOKEN} is not set: it is a token that may comment on commits")
    path = urlsplit(comment.repository).path.strip("/").removesuffix(".git")
    if api := environment.get("GITHUB_API_URL"):
        url, field = f"{api}/repos/{quote(path)}/commits/{comment.commit}/comments", "body"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    elif api := environment.get("CI_API_V4_URL"):
        url, field = f"{api}/projects/{quote(path, safe='')}/repository/commits/{comment.commit}/comments", "note"
        headers = {"PRIVATE-TOKEN": token}
    else:
        raise OptionError("neither GITHUB_API_URL nor CI_API_V4_URL is set: run this in a job of GitHub or GitLab")
    there = _request(comment, f"{url}?per_page=100", headers)
    if any(str(one.get(field)).strip() == comment.body.strip() for one in there):
        return False
    _request(comment, url, headers, {field: comment.body})
    return True


def _request(comment: Comment, url: str, headers: Mapping[str, str], data: Mapping[str, str] | None = None) -> Any:
    """Return the JSON that a platform answers; raise PostError."""
    if not url.startswith(("https://", "http://")):
        raise PostError(f"{comment.repository}: {url} is no address of an API")
    body = None if data is None else json.dumps(data).encode()
    request = Request(url, body, {**headers, "Content-Type": "application/json", "User-Agent": "trivium"})
    try:
        with urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise PostError(f"{comment.repository}: {request.get_method()} {url}: {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:
        raise PostError(f"{comment.repository}: {request.get_method()} {url}: {error}") from None
