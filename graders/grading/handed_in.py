"""Finds the submitted files of a graded class again, for people to read. They are read into memory, as for grading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from graders.intake.discovery import find_class
from graders.intake.path_policy import IntakeError
from graders.intake.roster import Roster
from graders.intake.submission import Found, Submission, found_at, read
from sanity.core.manifest import Manifest

KEPT = 8
"""Submissions that stay in memory: the one that is read, and those around it."""


@dataclass(frozen=True)
class HandedIn:
    """The files of one submission, as they are now."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    note: str = ""
    """Why there are none, or that they are not those that were graded; "" if all is well."""


class HandedInFiles:
    """The files of a class by the names in its gradebook.

    Args:
        manifest: the assignment.
        sources: the path that each submission was graded from, by name.
        paths: where the submissions are now; empty: where they were graded.
        roster: names of the class, if it was graded with them.

    Raises IntakeError if a path has no submission.
    """

    def __init__(
        self,
        manifest: Manifest,
        sources: Mapping[str, Path],
        paths: Sequence[Path] = (),
        roster: Roster | None = None,
    ) -> None:
        self._manifest, self._sources = manifest, sources
        self._given = find_class(paths, manifest, roster).found if paths else ()
        self._classes: dict[Path, tuple[Found, ...]] = {}
        self._kept: dict[tuple[str, str], HandedIn] = {}
        self._lock = Lock()

    def of(self, name: str, digest: str) -> HandedIn:
        """Return the files of the submission called name, which were graded with this digest."""
        with self._lock:
            if (found := self._kept.get((name, digest))) is None:
                found = self._read(name, digest)
                while len(self._kept) >= KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[name, digest] = found
            return found

    def _read(self, name: str, digest: str) -> HandedIn:
        first: Submission | None = None
        problem = "not found; name where the submissions are now with --submissions"
        for found in self._candidates(name):
            try:
                submission = read(found, self._manifest)
            except IntakeError as error:
                problem = str(error)
                continue
            if submission.digest == digest:
                return HandedIn(submission.files)
            first = first or (submission if submission.files else None)
        if first is None:
            return HandedIn(note=f"the submitted files cannot be shown: {problem}")
        return HandedIn(first.files, "these are not the files that were graded: they have changed since")

    def _candidates(self, name: str) -> Iterator[Found]:
        """Yield what may be the submission, the likeliest first; `_read` knows by the digest whether it is."""
        if self._given:
            yield from (one for one in self._given if one.name == name)
            return
        source = self._sources.get(name)
        if source is None:
            return
        with suppress(OSError):
            if source.exists():
                yield found_at(source)
        # In an export one submission is several files, or a part of an archive.
        for place in (source, source.parent, *(path for path in source.parents[1:] if path.is_file())):
            yield from (one for one in self._class_at(place) if one.source.resolve() == source)

    def _class_at(self, path: Path) -> tuple[Found, ...]:
        if path not in self._classes:
            self._classes[path] = ()
            with suppress(IntakeError, OSError):
                if path.exists():
                    self._classes[path] = find_class([path], self._manifest).found
        return self._classes[path]
