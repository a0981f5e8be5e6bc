"""The submitted files of a graded class are found again, wherever they came from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.grading.handed_in import HandedInFiles
from graders.intake.discovery import find_class
from graders.intake.path_policy import IntakeError
from graders.intake.submission import read
from sanity.core.manifest import Manifest
from tests.support.class_exports import canvas, gradescope, moodle, write, zipped
from tests.support.desk import submitted

CHANGED = "these are not the files that were graded: they have changed since"


def sources_of(manifest: Manifest, *paths: Path) -> dict[str, tuple[Path, str]]:
    """Return source and digest of each submission, as a gradebook has them."""
    found = {}
    for one in find_class(paths, manifest).found:
        try:
            submission = read(one, manifest)
        except IntakeError:
            continue
        if submission.files:
            found[one.name] = one.source.resolve(), submission.digest
    return found


def test_folders_and_archives_are_read_where_they_were_graded(manifest: Manifest, tmp_path: Path) -> None:
    submitted(tmp_path / "class" / "ada", "She.")
    shutil.make_archive(str(tmp_path / "class" / "ben"), "zip", submitted(tmp_path / "ben", "He."))
    graded = sources_of(manifest, tmp_path / "class")
    assert set(graded) == {"ada", "ben.zip"}
    files = HandedInFiles(manifest, {name: source for name, (source, _) in graded.items()})
    for name, (_, digest) in graded.items():
        found = files.of(name, digest)
        assert found.note == "" and "nmt_model.py" in found.files and "written.md" in found.files


def test_files_that_have_changed_are_shown_and_said_to_be_others(manifest: Manifest, tmp_path: Path) -> None:
    source = submitted(tmp_path / "class" / "ada", "She.")
    [(name, (_, digest))] = sources_of(manifest, source).items()
    (source / "written.md").write_text("Something else.")
    found = HandedInFiles(manifest, {name: source}).of(name, digest)
    assert (found.note, found.files["written.md"]) == (CHANGED, b"Something else.")


def test_what_has_moved_is_read_where_it_is_said_to_be(manifest: Manifest, tmp_path: Path) -> None:
    source = submitted(tmp_path / "class" / "ada", "She.")
    [(name, (_, digest))] = sources_of(manifest, source).items()
    shutil.move(tmp_path / "class", tmp_path / "moved")
    found = HandedInFiles(manifest, {name: source}).of(name, digest)
    assert not found.files
    assert found.note == (
        "the submitted files cannot be shown: not found; name where the submissions are now with --submissions"
    )
    found = HandedInFiles(manifest, {name: source}, [tmp_path / "moved"]).of(name, digest)
    assert found.files and not found.note
    with pytest.raises(IntakeError):
        HandedInFiles(manifest, {}, [tmp_path / "nowhere"])


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("platform", [canvas, moodle, gradescope])
def test_the_export_of_a_platform_is_read_again(
    manifest: Manifest, tmp_path: Path, platform: Callable[..., dict[str, bytes]], packed: bool
) -> None:
    files = platform({name: f"# {name}\n".encode() for name in manifest.submit})
    path = tmp_path / "export.zip" if packed else write(tmp_path / "export", files)
    if packed:
        path.write_bytes(zipped(files))
    graded = sources_of(manifest, path)
    assert len(graded) > 1
    again = HandedInFiles(manifest, {name: source for name, (source, _) in graded.items()})
    for name, (_, digest) in graded.items():
        found = again.of(name, digest)
        assert found.files and not found.note, name
