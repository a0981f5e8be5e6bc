"""Train a translation model, or translate with one: your answers to 1b to 1f at work.

python run.py check                       is your model worth a long training? Seconds; run it first
python run.py train                       the toy language pair, in one or two minutes, into trained/
python run.py train --resume              continues after Ctrl-C or a crash, with the same losses
python run.py train --data multi30k       German to English, faster on a GPU; --data FOLDER for your own text
python run.py decode trained/model.bin SOURCE OUTPUT             translates the file SOURCE, a sentence a line
python run.py decode trained/model.bin SOURCE TARGET OUTPUT      and scores it against TARGET: BLEU, by sacreBLEU

`check` takes the options of `train`: python run.py check --data multi30k --device cuda
While it trains: tensorboard --logdir=runs
All options, with their defaults: python run.py train --help

The exit status is 0 if all went well, 2 if the command line is wrong, such as a file that isn't there, and 1 for any
other failure. The code of the commands is in nmt/commands/.
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

from nmt.commands import dispatch


def main(argv: Sequence[str]) -> int:
    """Run a command; return the exit status."""
    return dispatch.main(argv, __doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
