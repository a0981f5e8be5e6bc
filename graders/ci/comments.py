"""Makes the comments by which students hear of a grading. They obey the dial, and `graders.ci.posting` posts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from graders.ci.fetching import Fetched, read_fetched
from graders.ci.posting import Comment
from graders.exports.job_summary import job_summary, unread_summary
from graders.grading.dial import dial_now
from graders.grading.recorded import gradebook_path, load_class
from graders.intake.discovery import find_class
from graders.intake.submission import read_class
from graders.records.gradebook import Gradebook
from graders.records.result import Unread
from graders.text.sanitize import clean_text
from sanity.core.manifest import Manifest

LONGEST = 60_000
"""Characters in a comment; GitHub takes 65,536."""


def comments_of(grades: Path, listed: Path, feedback: str = "") -> list[Comment]:
    """Return a comment for each submission that was fetched and is graded, or could not be read.

    A submission whose result is of other files, as when the grader has failed on it, gets none yet.

    Args:
        grades: the folder that `trivium grade` wrote.
        listed: submissions.json of `trivium ci fetch`, beside the folder with the archives.
        feedback: what students are told, as in `GradeOptions`.

    Raises UserError, with a one-line message.
    """
    recorded = load_class(grades, note=False)
    manifest = recorded.assignment.manifest
    dial = dial_now(manifest, feedback)
    with Gradebook(gradebook_path(grades)) as book:
        sources = book.sources(manifest.name)
    results = {sources[one.submission].name: one for one in recorded.results if one.submission in sources}
    comments = []
    for one, found in _read(listed, manifest):
        if isinstance(found, Unread):
            body = unread_summary(found)
        elif (result := results.get(f"{one.name}.zip")) and result.digest == found:
            body = job_summary(msgspec.structs.replace(result, submission=one.name), dial)
        else:
            continue
        footer = f"{manifest.name}, tag `{one.tag.replace('`', '')}`"
        comments.append(Comment(one.repository, one.commit, f"{clean_text(body, LONGEST)}{footer}\n"))
    return comments


def _read(listed: Path, manifest: Manifest) -> Iterator[tuple[Fetched, str | Unread]]:
    """Yield each fetched submission with the digest of its files, or why it cannot be read."""
    fetched = {one.name: one for one in read_fetched(listed)}
    if not fetched:
        return
    found = find_class([listed.with_suffix("")], manifest).found
    for submission, problem in read_class(found, manifest):
        one = fetched.get(submission.source.stem)
        if one:
            yield one, Unread(one.name, problem) if problem else submission.digest
