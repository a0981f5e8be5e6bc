"""`trivium group`: the mistakes of a class by what is alike in them, and comments for all who made one."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from graders.cli.person import person
from graders.cli.terminal import echo, error, is_terminal
from graders.errors import OptionError, refuse_unused
from graders.exports.table import WIDTH
from graders.grading.commenting import Groups, class_groups, comment_group
from graders.records.groups import Group
from graders.text.sanitize import clean_name

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = 3
"""Names that a row shows."""


def group(args: argparse.Namespace) -> int:
    """List the groups of a class, or give one a comment; return the exit status."""
    found = class_groups(args.out, args.marks)
    if found.recorded.assignment.name != args.assignment:
        raise OptionError(
            f"{args.out}: has the gradebook of {found.recorded.assignment.name}, not of {args.assignment}"
        )
    if args.comment is None:
        unused = {"--file": args.file, "--as": args.person, "--feedback": args.feedback, "--policy": args.policy}
        refuse_unused(
            {name: bool(value) for name, value in {**unused, "--submitted": args.submitted}.items()},
            "without --comment nothing is written",
        )
    else:
        id, text = _comment(args.comment, args.file)
        extras = {"marks": args.marks, "policy": args.policy, "submitted": args.submitted, "feedback": args.feedback}
        found = comment_group(args.out, id, text, person(args.person), **extras)
        if not args.json:
            _say(found, id)
            return 0
    for line in found.recorded.warnings:
        error(f"warning: {line}")
    if args.json:
        plain = {"groups": found.groups, "without_members": found.without_members}
        echo(msgspec.json.format(msgspec.json.encode(plain), indent=1).decode())
    elif found.groups or found.without_members:
        _print(found)
    else:
        echo("no failures" if found.recorded.results else "nobody was graded")
    return 0


def _comment(words: list[str], file: Path | None) -> tuple[str, str]:
    """Return the group and the comment that the command line gives."""
    id, *texts = words
    if len(texts) + (file is not None) != 1:
        raise OptionError('--comment: expected GROUP "TEXT", or GROUP with --file FILE')
    if file is None:
        return id, texts[0]
    try:
        return id, file.read_text("utf-8")
    except OSError as problem:
        raise OptionError(f"--file {file}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise OptionError(f"--file {file}: expected text in UTF-8") from None


def _say(found: Groups, id: str) -> None:
    """Say who has a comment now."""
    group = next((group for group in found.groups if group.id == id), None)
    if group and group.comment:
        echo(f"{id}: {_count(len(group.members))} the comment: {', '.join(map(clean_name, group.members))}")
    elif id in found.without_members:
        echo(f"{id}: nobody is in this group now; who joins it has the comment")
    else:
        echo(f"{id}: the comment is withdrawn")


def _count(members: int) -> str:
    return "1 submission has" if members == 1 else f"{members} submissions have"


def _table(found: Groups) -> Table:
    """Return a row for each group: its id, the number of members, the mistake with its comment, and some names."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for title in ("group", "how many", "mistake", "such as"):
        table.add_column(
            title, justify="right" if title == "how many" else "left", no_wrap=title in ("group", "how many")
        )
    for group in found.groups:
        mistake = Text(_in_one_line(group.what))
        if group.comment:
            mistake.append(f"\ncomment: {_in_one_line(group.comment)}", style="italic cyan")
        table.add_row(Text(group.id), str(len(group.members)), mistake, Text(_examples(group)))
    for id, comment in found.without_members.items():
        table.add_row(Text(id), "0", Text(f"comment: {_in_one_line(comment)}", style="italic"), "nobody now")
    return table


def _in_one_line(text: str) -> str:
    return " ".join(clean_name(text.replace("\n", " "), 200).split())


def _examples(group: Group) -> str:
    more = len(group.members) - EXAMPLES
    names = ", ".join(clean_name(name, 30) for name in group.members[:EXAMPLES])
    return f"{names} and {more} more" if more > 0 else names


def _print(found: Groups) -> None:
    from rich.console import Console

    if is_terminal(sys.stdout):
        return Console().print(_table(found))
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None).print(_table(found))
    echo("\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n"))
