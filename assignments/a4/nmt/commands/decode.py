"""`python run.py decode`: translate a file, score the translations, and say what they are worth."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nmt.commands.inputs import existing, save_lines, set_threads
from sanity.training.commands import check_new
from sanity.training.terminal import after_imports

if TYPE_CHECKING:
    from nmt.search import Hypothesis

LONGEST_TRAINED = 100
"""Words of the longest sentences that training uses: see `indexed` in nmt/batches.py."""
MOST_NAMED = 5
"""Lines or words that a note names."""


def decode(args: argparse.Namespace) -> None:
    """Translate a file; score the translations if there are references. An empty line has an empty translation."""
    from nmt.checkpoint import load_model
    from nmt.corpus import note, pluralize, read_lines
    from nmt.optimization import device_named
    from nmt.scoring import metric, score
    from nmt_model import NMT

    after_imports()
    advice = "the last argument is the output file; name a new one"
    check_new(args.output, (args.model, args.source, args.target), args.force, advice)
    set_threads(args.threads)
    device = device_named(args.device)
    if args.tokenize:
        metric(args.tokenize)  # whether it is installed, before translating
    source = read_lines(args.source)
    target = references_of(args, len(source)) if args.target else None
    model = load_model(existing(args.model), NMT).to(device)
    longest = args.max_decoding_time_step
    found = translated(model, source, args.beam_size, longest, args.length_penalty, args.batch_size)
    translations = [model.vocab.tgt.join(hypothesis.value) for hypothesis in found]
    save_lines(args.output, translations)
    result = score(translations, target, args.tokenize) if target is not None else None
    print(result or pluralize(len(translations), "translation"))
    for line in (*(result.notes if result else ()), *notes_on(model, source, found, longest)):
        note(f"note: {line}")


def references_of(args: argparse.Namespace, sentences: int) -> list[str]:
    """Return the lines of TARGET, of which some may be empty. Raises CorpusError: there is not one per sentence."""
    from nmt.corpus import check_as_many, read_lines

    target = read_lines(args.target)
    check_as_many(args.source, sentences, args.target, len(target))
    return target


def translated(model: Any, source: list[str], *options: float) -> list[Hypothesis]:
    """Return the best hypothesis for each line, options as in `best_hypotheses`, with a progress bar on a terminal."""
    from tqdm import tqdm

    from nmt.search import best_hypotheses

    with tqdm(total=len(source), unit="sentence", disable=not sys.stderr.isatty()) as bar:
        return best_hypotheses(model, source, *options, progress=bar.update)


def notes_on(model: Any, source: Sequence[str], found: Sequence[Hypothesis], longest: int) -> Iterator[str]:
    """Yield what a reader of translations should know: empty, long and cut lines, and unknown words, each one line.

    Args:
        model: the NMT that has translated.
        source: the lines.
        found: their translations.
        longest: the maximum length of a translation, in words.
    """
    from nmt.corpus import pluralize

    sentences = [model.vocab.src.split(text) for text in source]
    lengths = [len(sentence) for sentence in sentences]
    empty = [i for i, length in enumerate(lengths, 1) if not length]
    if empty:
        yield f"{named(empty)}: empty, and so is the translation"
    long = [i for i, length in enumerate(lengths, 1) if length > LONGEST_TRAINED]
    if long:
        size = f"{'up to ' if len(long) > 1 else ''}{max(lengths)} words"
        advice = f"training leaves out what has more than {LONGEST_TRAINED}, so expect little: divide it into sentences"
        yield f"{named(long)}: {size}; {advice}"
    cut = [i for i, hypothesis in enumerate(found, 1) if len(hypothesis.value) >= longest]  # </s> would have counted
    if cut:
        yield f"{named(cut)}: the translation was cut at {pluralize(longest, 'word')} (--max-decoding-time-step)"
    unknown = [word for sentence in sentences for word in sentence if model.vocab.src[word] == model.vocab.src.unk_id]
    if unknown:
        examples = ", ".join(list(dict.fromkeys(unknown))[:MOST_NAMED])
        share = len(unknown) / sum(lengths)
        yield f"{len(unknown)} of {sum(lengths)} source words ({share:.1%}) are unknown to the model: {examples}"
    written = [word for hypothesis in found for word in hypothesis.value]
    if "<unk>" in written:
        yield f"{written.count('<unk>')} of {len(written)} translated words are <unk>"


def named(lines: Sequence[int]) -> str:
    """Return line numbers in words.

    >>> named([3]), named([3, 8]), named(range(1, 10))
    ('line 3', 'lines 3 and 8', 'lines 1, 2, 3, 4, 5 and 4 more')
    """
    if len(lines) == 1:
        return f"line {lines[0]}"
    first = [str(line) for line in lines[:MOST_NAMED]]
    more = len(lines) - len(first)
    last = f"{more} more" if more else first.pop()
    return f"lines {', '.join(first)} and {last}"
