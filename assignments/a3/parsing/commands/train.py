"""`python run.py train`: train a parser, parse and score test, and write the report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial

from parsing.commands.inputs import PACKAGES, device_of, folder_of, recipe_of, treebank_of, weights_in
from sanity.training.commands import ENDED, require, save_files
from sanity.training.terminal import after_imports


def train(args: argparse.Namespace) -> None:
    """Train a parser, parse and score test, and write the report."""
    require(PACKAGES)

    from parser_model import ParserModel
    from parser_transitions import minibatch_parse
    from parsing.checkpoint import fingerprint, save_model
    from parsing.commands.draw import save_tagger
    from parsing.commands.report import checksums_of, report
    from parsing.decoding import predict
    from parsing.features import instances_of
    from parsing.recipe import new_model
    from parsing.tagging import Tagger
    from parsing.tracking import Log
    from parsing.training import train as train_model
    from parsing.treebank import TreebankError, to_conllu
    from parsing.validation import validation_on
    from parsing.vectors import read_vectors
    from parsing.vocabulary import Vocabulary
    from sanity.parsing.report import LIBRARIES, data_facts
    from sanity.training.report import facts_of

    after_imports()
    recipe, device, folder = recipe_of(args), device_of(args), folder_of(args)
    treebank = treebank_of(args, recipe.seed)
    vocabulary = Vocabulary.of(treebank.train, recipe.relations == "on", recipe.min_count)
    vectors = read_vectors(args.vectors, vocabulary.word_numbers) if args.vectors else {}
    if vectors:
        recipe = replace(recipe, embed_size=len(next(iter(vectors.values()))))
        print(f"{args.vectors}: vectors of {len(vectors)} of {len(vocabulary.word_numbers)} words")
    instances = instances_of(treebank.train, vocabulary)
    if not len(instances.classes):
        raise TreebankError(f"{treebank.name}: no sentence of train has a tree without crossing arcs")
    model = new_model(ParserModel, vocabulary, recipe, vectors)
    save_tagger(Tagger.of(treebank.train), folder)
    sizes = ", ".join(f"{len(getattr(treebank, part))} {part}" for part in ("train", "dev", "test"))
    print(f"{treebank.name}: {sizes} sentences; {instances.left_out} of train left out: their arcs cross")
    print(
        f"{len(vocabulary)} words and tags, {vocabulary.n_classes} classes, {weights_in(model)} weights, into {folder}"
    )
    with Log(folder) as log:
        validate = validation_on(treebank.dev, vocabulary, minibatch_parse)
        save = partial(save_model, args.save_to, model, vocabulary, recipe)
        trained = train_model(
            model, instances, vocabulary, recipe, validate, log, folder, device, args.resume, on_improvement=save
        )
    print(f"{ENDED[trained.ended]}; the best weights, of iter {trained.best_update}, are in {args.save_to}")
    parses = predict(model.eval(), vocabulary, treebank.test, minibatch_parse, precompute=True)
    if parses:
        save_files(folder, {"test.conllu": to_conllu(treebank.test, parses)})
    checksums = checksums_of(treebank, fingerprint(instances, recipe, vocabulary))
    data = data_facts(treebank.name, checksums, weights_in(model), instances.left_out)
    report(treebank, parses, folder, facts_of(args.argv, recipe, data, LIBRARIES, device, trained))
