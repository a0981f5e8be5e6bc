"""Check your answers: `python sanity_check.py 1.2` for one question, `--help` for the rest."""

import sys
from pathlib import Path

if __name__ == "__main__":
    try:
        from sanity.student.cli import main
    except ModuleNotFoundError as error:
        print(f"sanity_check.py: no module {error.name}; see Install in README.md", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:], Path(__file__).parent))
