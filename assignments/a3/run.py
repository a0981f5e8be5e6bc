"""Train a parser, or parse with one: your answers to 2c, 2d and 2e at work.

python run.py train                       the toy treebank, in a quarter of a minute, into trained/
python run.py train --resume              continues after Ctrl-C or a crash, with the same losses
python run.py train --data ewt            English, some minutes; --data FOLDER or --train FILE --dev FILE for your own
python run.py parse FILE.conllu -o OUT.conllu                    parses the sentences of a file
python run.py parse --text "She reads a book." --svg tree.svg    draws the tree of a sentence

As in the course, `python run.py` alone trains, and `python run.py -d` trains a small model in seconds.
While it trains: tensorboard --logdir=runs
All options, with their defaults: python run.py train --help

The exit status is 0 if all went well, 2 if the command line is wrong, such as a file that isn't there, and 1 for any
other failure. The code of the commands is in parsing/commands/.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

try:
    from sanity.training import terminal
except ImportError:
    sys.exit("run.py: trivium is not installed, or too old; see Install in README.md")

if __name__ == "__main__":
    terminal.during_imports()

from parsing.commands import dispatch


def main(argv: Sequence[str]) -> int:
    """Run a command; return the exit status."""
    return dispatch.main(argv, __doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
