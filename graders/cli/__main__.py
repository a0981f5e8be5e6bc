"""`python -m graders.cli` is `trivium`."""

import sys

from graders.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
