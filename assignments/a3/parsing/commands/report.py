"""After training: test is parsed and scored, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parsing.decoding import MinibatchParse, predict
from parsing.treebank import Treebank
from parsing.validation import attachment_scores
from parsing.vocabulary import Vocabulary


def report(
    model: Any, vocabulary: Vocabulary, treebank: Treebank, minibatch_parse: MinibatchParse, folder: Path
) -> None:
    """Parse and score test, if there is one."""
    if not treebank.test:
        return
    parses = predict(model, vocabulary, treebank.test, minibatch_parse)
    uas, las = attachment_scores(treebank.test, parses)
    print(f"- test UAS: {uas:.2f}" + (f", test LAS: {las:.2f}" if vocabulary.labelled else ""))
