#!/usr/bin/env python3
"""Runs on Gradescope, with the standard library only: hands out the results.json of whoever submitted."""

import json
import shutil
import sys
from pathlib import Path


def main(autograder: Path) -> int:
    """Copy the results of the first submitter who has some; without any, fail, which gives no mark.

    `autograder` is the folder in which Gradescope unpacks this program, as source/, and awaits the results.
    """
    metadata = json.loads((autograder / "submission_metadata.json").read_text(encoding="utf-8"))
    students = json.loads((autograder / "source" / "students.json").read_text(encoding="utf-8"))
    addresses = [user["email"].strip().lower() for user in metadata["users"]]
    for address in addresses:
        if address in students:
            (autograder / "results").mkdir(exist_ok=True)
            found = autograder / "source" / "results" / f"{students[address]}.json"
            shutil.copyfile(found, autograder / "results" / "results.json")
            return 0
    print(f"no mark for {', '.join(addresses)}: grade this submission, export again and upload the new autograder")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")))
