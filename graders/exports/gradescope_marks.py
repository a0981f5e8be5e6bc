"""Gradescope: an autograder that runs nothing, and hands out the marks that this class has.

Gradescope imports marks from an autograder only. Upload this one and choose "Regrade All Submissions": it looks the
student up by the e-mail address, and answers with the results.json that `trivium grade` wrote. No code of a submission
runs, so that none can read the marks of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from graders.exports.explanation import AS_EVER
from graders.exports.filling import Filling
from graders.exports.gradescope import results_json
from graders.intake.roster import Roster, combined
from graders.records.result import Result
from graders.zips import zip_bytes
from sanity.core.feedback import Dial

_SETUP = "#!/bin/sh\n# Nothing to install: run_autograder needs Python's standard library only.\n"


def marks_autograder(results: Sequence[Result], roster: Roster | None = None, dial: Dial = AS_EVER) -> Filling:
    """Return the autograder as a zip archive. Students are known by their e-mail addresses."""
    filling = Filling()
    files: dict[str, bytes] = {"setup.sh": _SETUP.encode()}
    files["run_autograder"] = (Path(__file__).parent / "run_marks_autograder.py").read_bytes()
    for place, result in enumerate(results):
        name = f"{place:04}"  # whatever a submission is called, every unpacker can write this
        students = [combined(roster.find(student), student) if roster else student for student in result.students]
        if roster and not students and (labelled := roster.find_label(result.submission)):
            students = [labelled]
        addresses = [student.email.strip().lower() for student in students if student.email.strip()]
        if not addresses and "@" in result.submission:
            addresses = [result.submission.strip().lower()]
        if len(addresses) < max(1, len(students)):
            filling.problems.append(f"{result.submission}: no e-mail address is known; add --roster FILE")
        for address in addresses:
            if address in filling.marks:
                filling.problems.append(f"{result.submission}: {address} has another submission, too; remove one")
            else:
                filling.marks[address] = name
        if addresses:
            files[f"results/{name}.json"] = results_json(result, dial)
    files["students.json"] = msgspec.json.format(msgspec.json.encode(filling.marks, order="sorted"), indent=1)
    filling.content = zip_bytes(files, executable=("setup.sh", "run_autograder"))
    return filling
