"""`python -m graders.autograder AUTOGRADER [SUBMISSION]`: grade, and write AUTOGRADER/results/results.json.

AUTOGRADER is the folder as Gradescope and otter-grader lay it out, with the unpacked zip as source/. The exit status is
1 if the grader failed, 0 otherwise, whatever the mark.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from graders.atomic import write_atomically
from graders.autograder.one import grade_one


def main(argv: list[str]) -> int:
    """Grade the submission; return the exit status."""
    autograder = Path(argv[0])
    submission = Path(argv[1]) if argv[1:] else autograder / "submission"
    os.environ["TRIVIUM_SOLUTIONS"] = str(autograder / "source" / "solutions")
    graded = grade_one(autograder / "source", submission)
    write_atomically(autograder / "results" / "results.json", graded.results)
    print("\n".join(graded.log))
    return 1 if graded.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
