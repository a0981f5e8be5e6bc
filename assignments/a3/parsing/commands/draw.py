"""`python run.py parse --text "a sentence"`: parse a typed sentence, and draw its tree."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parsing.tagging import Tagger
    from parsing.vocabulary import Vocabulary

TAGS = "tags.json"
"""The file beside a model with what `Tagger` has learnt from its training text."""


def draw(text: str, model: Any, vocabulary: Vocabulary, tagger: Tagger, svg: Path | None = None) -> None:
    """Parse a sentence with guessed tags, print its tree, and write it to an SVG file.

    Raises:
        TreebankError: there is no word in the text.
        SaveError: the file can't be written.
    """
    from parser_transitions import minibatch_parse
    from parsing.decoding import predict
    from parsing.tagging import tokens_of
    from parsing.treebank import Sentence, TreebankError
    from sanity.parsing.drawing import draw_tree
    from sanity.parsing.svg import alone, svg_of_tree
    from sanity.training.atomic import write_atomically

    words = tokens_of(text)
    if not words:
        raise TreebankError("--text: no word in it; expected a sentence")
    tags = tagger.tag(words)
    (parse,) = predict(model, vocabulary, [Sentence(tuple(words), tuple(tags))], minibatch_parse)
    columns = [tags, *([parse.relations] if parse.relations else [])]
    for line in draw_tree(words, parse.heads, *columns, encoding=sys.stdout.encoding or "ascii"):
        print(line)
    if svg is not None:
        picture = alone(svg_of_tree(words, parse.heads, parse.relations, tags))
        write_atomically(svg, lambda file: file.write(picture.encode()))


def save_tagger(tagger: Tagger, folder: Path) -> None:
    """Write what a tagger has learnt beside a model. Raises SaveError."""
    from sanity.training.atomic import write_atomically

    write_atomically(folder / TAGS, lambda file: file.write(json.dumps(tagger.to_plain()).encode()))


def load_tagger(folder: Path) -> Tagger:
    """Return the tagger beside a model. Raises CheckpointError: there is none, or the file has another content."""
    from parsing.tagging import Tagger
    from sanity.training.checkpoint import CheckpointError

    path = folder / TAGS
    try:
        plain = json.loads(path.read_bytes())
        return Tagger(*(plain[name] for name in ("by_word", "exceptions", "by_ending")))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: no such file; --text needs it for tags: train writes it beside the model"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path}: can't be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path}: damaged; train again") from None
