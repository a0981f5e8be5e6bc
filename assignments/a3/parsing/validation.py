"""How much of dev a model parses as it should."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parsing.decoding import MinibatchParse, predict
from parsing.tracking import Progress, ValidationResult
from parsing.training import Validate
from parsing.treebank import Parse, Sentence
from parsing.vocabulary import Vocabulary


def attachment_scores(sentences: Sequence[Sentence], parses: Sequence[Parse]) -> tuple[float, float]:
    """Return the unlabelled and the labelled attachment score, in percent of all words, punctuation too.

    UAS counts words with the right head, LAS those with the right relation, too; without relations it is 0.
    """
    words = right = labelled = 0
    for sentence, parse in zip(sentences, parses, strict=True):
        relations = parse.relations or [""] * len(parse.heads)
        words += len(parse.heads)
        for head, expected, relation, name in zip(
            parse.heads, sentence.heads, relations, sentence.relations, strict=True
        ):
            right += head == expected
            labelled += (head, relation) == (expected, name)
    return 100 * right / words, 100 * labelled / words


def validation_on(dev: Sequence[Sentence], vocabulary: Vocabulary, minibatch_parse: MinibatchParse) -> Validate:
    """Return a validation function: its score is the UAS of dev."""

    def validate(model: Any, progress: Progress) -> ValidationResult:
        uas, las = attachment_scores(dev, predict(model, vocabulary, dev, minibatch_parse))
        return ValidationResult(uas, {"uas/dev": uas, **({"las/dev": las} if vocabulary.labelled else {})})

    return validate
