"""`python run.py parse`: parse the sentences of a file, or one that is typed."""

from __future__ import annotations

import argparse
import sys

from parsing.commands.inputs import device_of
from sanity.training.commands import UsageError, check_new, save_files
from sanity.training.terminal import after_imports


def parse(args: argparse.Namespace) -> None:
    """Parse a file into another, and score the trees if the file has some; or draw the tree of a typed sentence."""
    check_options(args)

    from parser_model import ParserModel
    from parser_transitions import minibatch_parse
    from parsing.checkpoint import load_model
    from parsing.commands.draw import draw, load_tagger
    from parsing.decoding import predict
    from parsing.scoring import score
    from parsing.treebank import NoSuchTreebank, problem_of, punctuation_in, read_tokens, sentence_of, with_parse

    after_imports()
    device = device_of(args)
    if not args.model.exists():
        raise UsageError(f"{args.model}: no such file: train a model first, or name one with --model")
    model, vocabulary = load_model(args.model, ParserModel)
    model.to(device)
    if args.text is not None:
        draw(args.text, model, vocabulary, load_tagger(args.model.parent), args.svg)
        return
    tokens = list(read_tokens(args.file))
    sentences = [sentence_of(one) for one in tokens]
    if not sentences:
        raise NoSuchTreebank(f"{args.file}: no sentence; expected CoNLL-U, a word a line and ten columns")
    parses = predict(model, vocabulary, sentences, minibatch_parse, precompute=True)
    result = "" if any(map(problem_of, sentences)) else score(sentences, parses, punctuation_in(sentences))
    text = "".join(with_parse(one, found).serialize() for one, found in zip(tokens, parses, strict=True))
    save_files(args.output.parent, {args.output.name: text})
    print(f"{args.output}: {len(parses)} trees")
    if result:
        print(result)
    words = [form.lower() for sentence in sentences for form in sentence.forms]
    if unknown := sum(word not in vocabulary.word_numbers for word in words):
        print(f"note: {unknown} of {len(words)} words are unknown to the model", file=sys.stderr)


def check_options(args: argparse.Namespace) -> None:
    """Raise UsageError unless a file and its output, or a text, are given, and the output can be written."""
    if (args.text is None) == (args.file is None):
        raise UsageError('parse: expected a file and -o OUTPUT, or --text "a sentence"')
    if args.text is None and args.output is None:
        raise UsageError("parse: expected -o OUTPUT, the file to write")
    unused = ("-o", args.output) if args.text is not None else ("--svg", args.svg)
    if unused[1] is not None:
        raise UsageError(f"{unused[0]} {unused[1]}: not with {'--text' if args.text is not None else 'a file'}")
    for output in filter(None, (args.output, args.svg)):
        check_new(output, [args.file, args.model], args.force)
