"""One comment for all submissions with the same mistake. The API behind `trivium group`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graders.errors import OptionError
from graders.grading.dial import dial_now
from graders.grading.exporting import export_again
from graders.grading.recorded import RecordedClass, gradebook_path, load_class
from graders.records.gradebook import Gradebook
from graders.records.groups import Group, groups_of
from graders.text.sanitize import clean_text

MOST = 2000
"""Characters of a comment: an export shows no more than twice as many of all that is said of a question."""


@dataclass(frozen=True)
class Groups:
    """The groups of a graded class."""

    recorded: RecordedClass
    groups: tuple[Group, ...]
    """In the order of the questions, in each the largest first."""
    without_members: dict[str, str]
    """Comments by the id of a group that nobody is in any more; nobody gets them."""


def class_groups(
    out: Path, marks: Path | None = None, policy: Path | None = None, submitted: Path | None = None
) -> Groups:
    """Return the groups of the class in a folder that `trivium grade` wrote. Raises UserError."""
    recorded = load_class(out, marks, policy, submitted)
    with Gradebook(gradebook_path(out)) as book:
        comments = book.history(recorded.assignment.name).comments()
    groups = groups_of(recorded.results, comments)
    rest = comments.keys() - {group.id for group in groups}
    return Groups(recorded, tuple(groups), {id: comments[id] for id in sorted(rest)})


def comment_group(
    out: Path,
    id: str,
    comment: str,
    by: str,
    marks: Path | None = None,
    policy: Path | None = None,
    submitted: Path | None = None,
    feedback: str = "",
) -> Groups:
    """Give a comment to a group, in the place of the one that it has, and write the exports; return the groups.

    Args:
        out: the folder of `trivium grade`.
        id: the group's id.
        comment: what its members are told; "" withdraws the comment.
        by: who gives it, for the audit trail.
        marks: as in `GradeOptions`; so are policy, submitted and feedback.
    """
    # What is wrong with these files is said before anything is written.
    found = class_groups(out, marks, policy, submitted)
    dial_now(found.recorded.assignment.manifest, feedback)
    if id not in {*found.without_members, *(group.id for group in found.groups)}:
        raise OptionError(f"there is no group {id}; `trivium group {found.recorded.assignment.name}` lists them")
    comment = clean_text(comment, len(comment) + 1).strip()
    if len(comment) > MOST:
        raise OptionError(f"the comment has {len(comment):,} characters: expected at most {MOST:,}")
    with Gradebook(gradebook_path(out)) as book:
        book.history(found.recorded.assignment.name).note_comment(id, comment, by)
    export_again(out, marks, policy, submitted, feedback)
    return class_groups(out, marks, policy, submitted)
