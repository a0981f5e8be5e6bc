"""Check your answers: `python sanity_check.py 1d` for one question, `--help` for the rest."""

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # this folder, where a random.py of yours would hide Python's
    try:
        from pathlib import Path

        from sanity.student.cli import main
    except ModuleNotFoundError as error:
        print(f"sanity_check.py: no module {error.name}; see Install in README.md", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:], Path(__file__).parent))
