"""The report: an index of the class and a page for each submission, for staff; and pages for students, each alone.

Everything is in the pages: they load nothing, so the folder can be moved, mailed and opened from a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from graders.atomic import write_atomically
from graders.exports.report.index import index_html
from graders.exports.report.submission import neighbour, student_html, submission_html
from graders.exports.report.templates import MADE_BY
from graders.records.result import Result, Unread
from graders.text.safe_names import safe_names
from sanity.core.feedback import Dial


def write_report(results: Sequence[Result], folder: Path, unread: Sequence[Unread] = ()) -> Path:
    """Write index.html and submissions/NAME.html, for staff; return the path of the index.

    A page whose content is the same is not written again, and pages of submissions that are gone are deleted. Each is
    replaced atomically, the index last. Raises OSError.
    """
    names = safe_names([result.submission for result in results])
    links = [neighbour(result, name) for result, name in zip(results, names, strict=True)]
    around = zip([None, *links], results, [*links[1:], None], strict=False)
    paths = [folder / "submissions" / f"{name}.html" for name in names]
    for path, (before, result, after) in zip(paths, around, strict=True):
        _write_if_changed(path, submission_html(result, before, after))
    _delete_others((folder / "submissions").glob("*.html"), paths)
    index = folder / "index.html"
    _write_if_changed(index, index_html(results, unread, names))
    return index


def write_student_reports(results: Sequence[Result], folder: Path, dial: Dial) -> list[Path]:
    """Write NAME/index.html for each student, with what the dial tells; return the paths, in the order of `results`.

    Pages that are there from before, of submissions that are gone, are deleted. Raises OSError.
    """
    paths = [folder / name / "index.html" for name in safe_names([result.submission for result in results])]
    for result, path in zip(results, paths, strict=True):
        _write_if_changed(path, student_html(result, dial))
    for path in _delete_others(folder.glob("*/index.html"), paths):
        with suppress(OSError):  # something else is in there
            path.parent.rmdir()
    return paths


def _write_if_changed(path: Path, page: str) -> None:
    data = page.encode()
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    write_atomically(path, data)


def _delete_others(found: Iterable[Path], ours: Iterable[Path]) -> list[Path]:
    """Delete pages that an earlier report has written and this one has not; return their paths."""
    known = {*ours}
    old = [path for path in found if path not in known and path.is_file()]
    old = [path for path in old if MADE_BY.encode() in path.read_bytes()[:1000]]
    for path in old:
        path.unlink(missing_ok=True)
    return old
