"""How much of dev a model parses as it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parsing.decoding import MinibatchParse, predict
from parsing.scoring import score
from parsing.training import Validate
from parsing.treebank import Sentence, punctuation_in
from parsing.vocabulary import Vocabulary
from sanity.training.tracking import Progress, ValidationResult


def validation_on(dev: Sequence[Sentence], vocabulary: Vocabulary, minibatch_parse: MinibatchParse) -> Validate:
    """Return a validation function: its score is the UAS of dev."""

    def validate(model: Any, progress: Progress) -> ValidationResult:
        scores = score(dev, predict(model, vocabulary, dev, minibatch_parse, precompute=True), punctuation_in(dev))
        labelled = {} if scores.las is None else {"las/dev": scores.las}
        return ValidationResult(scores.uas, {"uas/dev": scores.uas, **labelled})

    return validate
