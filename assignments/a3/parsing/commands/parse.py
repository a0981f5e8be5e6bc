"""`python run.py parse`: parse the sentences of a CoNLL-U file."""

from __future__ import annotations

import argparse
import sys

from parsing.commands import terminal
from parsing.commands.dispatch import UsageError, device_named
from parsing.treebank import TreebankError, read_tokens, sentence_of, with_parse


def parse(args: argparse.Namespace) -> None:
    """Parse a file; words, tags, comments and multiword tokens come out as they went in."""
    import torch

    from parser_model import ParserModel
    from parser_transitions import minibatch_parse
    from parsing.atomic import refuse_to_overwrite, write_atomically
    from parsing.checkpoint import load_model
    from parsing.decoding import predict
    from parsing.validation import attachment_scores

    terminal.after_imports()
    torch.set_num_threads(args.threads)
    if args.output.is_dir() or not args.output.parent.is_dir():  # before parsing rather than after it
        raise UsageError(f"{args.output}: can't be written: expected a file in an existing folder")
    refuse_to_overwrite(args.output, [args.input, args.model])
    if not args.model.is_file():
        raise UsageError(f"{args.model}: no such file; python run.py train makes one")
    every = list(read_tokens(args.input))
    if not every:
        raise TreebankError(f"{args.input}: no sentence; expected CoNLL-U, a word a line and ten columns")
    sentences = [sentence_of(tokens) for tokens in every]
    model, vocabulary = load_model(args.model, ParserModel)
    parses = predict(model.to(device_named(args.device)), vocabulary, sentences, minibatch_parse)
    text = "".join(with_parse(tokens, found).serialize() for tokens, found in zip(every, parses, strict=True))
    write_atomically(args.output, lambda file: file.write(text.encode()))
    print(f"{len(parses)} parses in {args.output}")
    known = [(sentence, found) for sentence, found in zip(sentences, parses, strict=True) if sentence.heads]
    if known and any(any(sentence.heads) for sentence, _ in known):
        uas, las = attachment_scores(*map(list, zip(*known, strict=True)))  # type: ignore[arg-type]
        print(f"- UAS: {uas:.2f}" + (f", LAS: {las:.2f}" if vocabulary.labelled else ""))
    words = [form for sentence in sentences for form in sentence.forms]
    unknown = sum(form.lower() not in vocabulary.word_numbers for form in words)
    if unknown:
        print(f"note: {unknown} of {len(words)} words are unknown to the model", file=sys.stderr)
