"""Writes the report of a graded class again, for staff or for students. Nothing is graded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from graders.errors import refuse_unused
from graders.exports.report import write_report, write_student_reports
from graders.grading.dial import dial_now
from graders.grading.recorded import StaffOptions, gradebook_path, load_class


class Reader(StrEnum):
    """Whom a report is for."""

    STAFF = "staff"
    STUDENTS = "students"


@dataclass(frozen=True, kw_only=True)
class ReportOptions(StaffOptions):
    """What to report, and to whom."""

    grades: Path
    """The folder that `trivium grade` wrote."""
    reader: Reader = Reader.STAFF
    out: Path | None = None
    """The folder to write; None: `report`, or `report-for-students`, in `grades`."""


@dataclass(frozen=True)
class ReportWritten:
    """A report."""

    pages: tuple[Path, ...]
    """For staff the index; for students one page each, which stands alone."""
    warnings: tuple[str, ...]
    """One line for each row of staff's files that does not count."""
    problems: tuple[str, ...]
    """One line for each training that cannot be read, and, for students, for each submission without a page."""


def report_class(options: ReportOptions) -> ReportWritten:
    """Write a report from a gradebook. Raises UserError, with a one-line message, and OSError."""
    if options.reader is Reader.STAFF:
        refuse_unused({"--feedback": bool(options.feedback)}, "staff are told everything")
    recorded = load_class(options.grades, options)
    beside = gradebook_path(options.grades).parent
    if options.reader is Reader.STAFF:
        index = write_report(recorded.results, options.out or beside / "report", recorded.unread)
        return ReportWritten((index,), recorded.warnings, recorded.problems)
    dial = dial_now(recorded.assignment.manifest, options.feedback)
    pages = write_student_reports(recorded.results, options.out or beside / "report-for-students", dial)
    unread = tuple(f"{one.submission}: could not be read, and has no page" for one in recorded.unread)
    return ReportWritten(tuple(pages), recorded.warnings, (*recorded.problems, *unread))
