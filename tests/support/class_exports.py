"""Small exports of a class, laid out as the platforms do it: files by path.

`python -m tests.support.class_exports a4` writes them for the documents, with right answers.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from graders.course.assignment import load_assignment

WHOLE = {"model.py": b"import utils\n", "utils.py": b"x = 1\n"}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def canvas(whole: Mapping[str, bytes] = WHOLE) -> dict[str, bytes]:
    """A class of seven: files, a late archive, a resubmission, a browser's copy, a text, a RAR archive, a group."""
    first, *rest = whole
    again, *others = whole
    return {
        **{f"lovelaceada_101_{5000 + place}_{name}": content for place, (name, content) in enumerate(whole.items())},
        "lovelaceada_101_5009_report.pdf": b"%PDF",
        "novakbela_LATE_102_5010_my-submission.zip": zipped({f"a/{name}": whole[name] for name in whole}),
        f"weichen_103_5020_{first.removesuffix('.py')}-1.py": whole[first],
        **{f"weichen_103_{5021 + place}_{name}": whole[name] for place, name in enumerate(rest)},
        f"contidario_104_5030_{again.removesuffix('.py')} (1).py": whole[again],
        **{f"contidario_104_{5031 + place}_{name}": whole[name] for place, name in enumerate(others)},
        "yildizelif_105_text.html": b"<p>I could not upload it.</p>",
        "haddadfarid_106_5050_a4.rar": b"Rar!\x1a\x07\x01\x00",
        "theparsers_107_5060_all.zip": zipped(whole),
    }


def moodle(whole: Mapping[str, bytes] = WHOLE) -> dict[str, bytes]:
    """A class of five: files, an archive and a text, an archive in a folder, a text alone, two archives."""
    return {
        **{f"Ada Lovelace_1234567_assignsubmission_file_/{name}": content for name, content in whole.items()},
        "Béla Novák_1234568_assignsubmission_file_/a4-submission.zip": zipped(whole),
        "Béla Novák_1234568_assignsubmission_onlinetext_/onlinetext.html": b"<p>Here it is.</p>",
        "Chen Wei_1234569_assignsubmission_file_/hw4/a4.zip": zipped(whole),
        "Dario Conti_1234570_assignsubmission_onlinetext_/onlinetext.html": b"<p>See my repository.</p>",
        "Elif Yıldız_1234571_assignsubmission_file_/a.zip": zipped(whole),
        "Elif Yıldız_1234571_assignsubmission_file_/b.zip": zipped(whole),
    }


GRADESCOPE_METADATA = """\
---
submission_303:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0007'
    :email: ada@example.edu
  :created_at: 2026-11-20 17:55:17.331000000 Z
  :score: 8.0
  :status: processed
  :results: &1
    tests: []
  :history:
  - :created_at: 2026-11-19 10:00:00.000000000 Z
    :results: *1
submission_304:
  :submitters:
  - :name: Béla Novák
    :sid: '0008'
    :email: bela@example.edu
  - :name: Chen Wei
    :sid: ''
    :email: chen@example.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-11-20 18:00:00.000000000 Z
  :score:
submission_305:
  :submitters:
  - :name: Ada Lovelace
    :sid: 0009
    :email: other.ada@example.edu
  :score: 0.0
"""


def gradescope(whole: Mapping[str, bytes] = WHOLE) -> dict[str, bytes]:
    """A class of three: one student, a pair, and another student with the first one's name, who handed in a note."""
    top = "assignment_4711_export"
    return {
        f"{top}/submission_metadata.yml": GRADESCOPE_METADATA.encode(),
        **{f"{top}/submission_303/{name}": content for name, content in whole.items()},
        **{f"{top}/submission_304/a4/{name}": content for name, content in whole.items()},
        f"{top}/submission_305/sorry.txt": b"It is not ready.",
    }


if __name__ == "__main__":
    answers = load_assignment(sys.argv[1]).reference
    for platform in (canvas, moodle, gradescope):
        Path(f"{platform.__name__}.zip").write_bytes(zipped(platform(answers)))
    Path("gradebook-of-canvas.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n"
        '"Lovelace, Ada",101,0007,ada@example.edu,Tuesday\n'
        '"Novák, Béla",102,0008,bela@example.edu,Friday\n'
    )
