"""Gives the marks of a graded class back: to a platform's sheet, a spreadsheet or a program. Nothing is graded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graders.atomic import write_atomically
from graders.errors import OptionError, refuse_unused
from graders.exports import export_class
from graders.exports.canvas import fill_canvas
from graders.exports.filling import Filling, FillingError, missing
from graders.exports.gradescope_marks import marks_autograder
from graders.exports.jsonl import class_jsonl
from graders.exports.moodle import fill_moodle
from graders.exports.spreadsheet import class_csv, class_xlsx
from graders.grading.dial import dial_now
from graders.grading.recorded import RecordedClass, StaffOptions, gradebook_path, load_class
from graders.intake.roster import Roster, read_roster
from graders.records.gradebook import Gradebook
from graders.records.history import History
from graders.records.result import Result, Unread
from graders.text.sheets import SheetError, read_sheet

_WRITERS: Mapping[str, Callable[[Sequence[Result], Sequence[Unread]], bytes]] = {
    "csv": class_csv,
    "xlsx": class_xlsx,
    "jsonl": class_jsonl,
}
_NAMES = {"canvas": "marks-canvas.csv", "moodle": "marks-moodle.csv", "gradescope": "marks-gradescope.zip"}
"""What a platform's file is called; the others are `class.csv` and so on."""


@dataclass(frozen=True, kw_only=True)
class ExportOptions(StaffOptions):
    """What to export, and how."""

    format: str
    """canvas, moodle, gradescope, csv, xlsx or jsonl."""
    grades: Path
    """The folder that `trivium grade` wrote."""
    sheet: Path | None = None
    """The platform's own sheet."""
    column: str = ""
    """The title of the column of the marks in it; empty: the one that can be meant."""
    scale: bool = False
    """Whether to convert marks to the points that the sheet has."""
    partial: bool = False
    """Whether to export marks that lack questions, too."""
    roster: Path | None = None
    out: Path | None = None
    """The file to write; None: one in `grades` that is called after the format."""


@dataclass(frozen=True)
class ExportReport:
    """What became of the marks."""

    path: Path
    written: int
    """The number of marks in the file."""
    notes: tuple[str, ...]
    """One line each: what staff should know."""
    problems: tuple[str, ...] = field(default=())
    """One line each: a submission whose mark is not in the file."""


def export_marks(options: ExportOptions) -> ExportReport:
    """Write the marks of a graded class; raise UserError, with a one-line message.

    What a sheet was given is noted in the gradebook, so that the next export knows which marks are ours.
    """
    to_sheet = options.format in ("canvas", "moodle")
    if not to_sheet:
        unused = {"--sheet": options.sheet is not None, "--column": bool(options.column), "--scale": options.scale}
        refuse_unused(unused, "only canvas and moodle have a sheet that is filled in")
    elif options.sheet is None:
        raise OptionError(f"export {options.format}: add --sheet FILE, the sheet that the platform gives you")
    if options.format == "canvas":
        refuse_unused({"--feedback": bool(options.feedback)}, "Canvas's sheet has marks only")
    recorded = load_class(options.grades, options)
    roster = read_roster(options.roster) if options.roster else None
    name = _NAMES.get(options.format, f"class.{options.format}")
    path = options.out or gradebook_path(options.grades).parent / name
    if write := _WRITERS.get(options.format):
        unused = {"--partial": options.partial, "--roster": roster is not None, "--feedback": bool(options.feedback)}
        refuse_unused(unused, f"{options.format} has the class as it was graded")
        write_atomically(path, write(recorded.results, recorded.unread))
        return ExportReport(path, len(recorded.results), (*recorded.warnings, *recorded.problems))
    ready = [r for r in recorded.results if options.partial or not missing(r, recorded.results)]
    with Gradebook(gradebook_path(options.grades)) as book:
        history = book.history(recorded.assignment.name)
        filling = _fill(recorded, ready, options, roster, history, path)
    return ExportReport(
        path,
        len(filling.marks),
        (*recorded.warnings, *filling.notes),
        (*recorded.problems, *_left_out(recorded, ready), *filling.problems),
    )


@dataclass(frozen=True)
class Exports:
    """What was written of a class."""

    files: tuple[Path, ...]
    """gradebook.csv, the report, then a results.json for each submission."""
    warnings: tuple[str, ...]
    """One line for each row of staff's files that does not count, and each training that cannot be read."""


def export_again(out: Path, staff: StaffOptions) -> Exports:
    """Write what `trivium grade` writes of a graded class, after marks or comments have changed. Raises UserError."""
    recorded = load_class(out, staff)
    dial = dial_now(recorded.assignment.manifest, staff.feedback)
    files = export_class(recorded.results, gradebook_path(out).parent, recorded.unread, dial)
    return Exports(tuple(files), (*recorded.warnings, *recorded.problems))


def _fill(
    recorded: RecordedClass,
    ready: Sequence[Result],
    options: ExportOptions,
    roster: Roster | None,
    history: History,
    path: Path,
) -> Filling:
    """Write the file of a platform, and note what it was given; return what became of the marks."""
    feedback: Mapping[str, str] = {}
    beside = f"{options.format} feedback"
    last = history.exported(options.format)
    whole = recorded.results
    dial = dial_now(recorded.assignment.manifest, options.feedback)
    if options.format == "gradescope":
        filling = marks_autograder(ready, roster, dial)
    else:
        assert options.sheet is not None
        try:
            sheet = read_sheet(options.sheet)
            if options.format == "canvas":
                filling = fill_canvas(sheet, ready, whole, last, options.column, options.scale, roster)
            else:
                filling, feedback = fill_moodle(
                    sheet, ready, whole, last, history.exported(beside), options.column, options.scale, roster, dial
                )
        except FileNotFoundError:
            raise OptionError(f"--sheet {options.sheet}: no such file") from None
        except FillingError as error:
            raise SheetError(f"{options.sheet}: {error}") from None
    write_atomically(path, filling.content)
    if options.format != "gradescope":
        history.note_exported(options.format, filling.marks)
        history.note_exported(beside, feedback)
    return filling


def _left_out(recorded: RecordedClass, ready: Sequence[Result]) -> list[str]:
    """Return a line for each submission without a complete mark."""
    complete = {result.submission for result in ready}
    unread = [f"{one.submission}: could not be read, and has no mark" for one in recorded.unread]
    return [
        *(
            f"{result.submission}: not marked yet: {', '.join(missing(result, recorded.results))}; "
            "mark it, or add --partial"
            for result in recorded.results
            if result.submission not in complete
        ),
        *unread,
    ]
