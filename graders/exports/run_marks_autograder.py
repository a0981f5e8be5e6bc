#!/usr/bin/env python3
"""Runs on Gradescope, with the standard library only: hands out the results.json of whoever submitted."""

import json
import shutil
import sys
from pathlib import Path

AUTOGRADER = Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")
"""Where Gradescope unpacks; another folder in tests."""


def main() -> int:
    """Copy the results of the first submitter who has some; without any, fail, which gives no mark."""
    metadata = json.loads((AUTOGRADER / "submission_metadata.json").read_text(encoding="utf-8"))
    students = json.loads((AUTOGRADER / "source" / "students.json").read_text(encoding="utf-8"))
    addresses = [user["email"].strip().lower() for user in metadata["users"]]
    for address in addresses:
        if address in students:
            (AUTOGRADER / "results").mkdir(exist_ok=True)
            found = AUTOGRADER / "source" / "results" / f"{students[address]}.json"
            shutil.copyfile(found, AUTOGRADER / "results" / "results.json")
            return 0
    print(f"no mark for {', '.join(addresses)}: grade this submission, export again and upload the new autograder")
    return 1


if __name__ == "__main__":
    sys.exit(main())
