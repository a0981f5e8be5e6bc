"""Train your transformer: on strings, or on a world to read about.

python run.py copy                    strings to copy and to reverse, into trained/strings; half a minute
python run.py world                   a world: reads, learns to answer, is asked; into trained/world; minutes
python run.py world --rounds 0        the same without reading: what fine-tuning alone learns
python run.py ask trained/world "Where was Kufi born?"
python run.py bias trained/strings    exposure bias of a trained model, by your exposure_errors() in pretraining.py

Both write a page with curves, answers and attention: report.html, in the same folder.
Training that was stopped, by Ctrl-C or a crash, goes on where it was when the same command is run again; --restart
begins anew. While it trains: tensorboard --logdir=runs
Your answers are used: Transformer in model_solution.py, and CharCorruptionDataset in dataset.py. The exit status is 0
if all went well, 2 if the command line is wrong, and 1 for any other failure. The loop is in training/loop.py.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any


def main(argv: Sequence[str]) -> int:
    """Run a command; return the exit status."""
    arguments = parser().parse_args(argv)
    from training import checkpoint, loop, questions

    try:
        return int(arguments.command(arguments) or 0)
    except (checkpoint.CheckpointError, checkpoint.SaveError, loop.Diverged, questions.DataError) as problem:
        print(f"run.py: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("run.py: stopped; the same command goes on from the last round", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, command, help in (
        ("copy", train_strings, "learn to copy and to reverse strings"),
        ("world", train_world, "read about a world by span corruption, and learn to answer"),
    ):
        train = commands.add_parser(name, help=help)
        train.add_argument(
            "--out", type=Path, help="folder of the training (default: trained/strings or trained/world)"
        )
        train.add_argument("--seed", type=int, default=0, help="of the data and the training (default: 0)")
        train.add_argument("--rounds", type=int, help="dev is asked after each (default: that of training/recipe.py)")
        train.add_argument("--lr", type=float, help="learning rate (default: that of training/recipe.py)")
        train.add_argument("--threads", type=int, help="processor cores to use (default: all)")
        train.add_argument("--restart", action="store_true", help="begin anew if there is a training in the folder")
        train.set_defaults(command=command)
    ask = commands.add_parser("ask", help="ask a trained model")
    ask.add_argument("folder", type=Path, help="of a training")
    ask.add_argument("questions", nargs="+", metavar="QUESTION")
    ask.set_defaults(command=answer)
    bias = commands.add_parser("bias", help="measure the exposure bias of a model that was trained on strings")
    bias.add_argument("folder", type=Path, help="of the training")
    bias.set_defaults(command=exposure_bias)
    return top


def train_strings(arguments: argparse.Namespace) -> None:
    """Learn to copy and to reverse strings."""
    from sanity.pretraining.strings import make_strings
    from training.tasks import Strings

    recipe = recipe_of(arguments, "strings")
    train, dev, test = make_strings(arguments.seed)
    run(Strings(recipe, *zip(*train, strict=True)), dev, test, arguments, "strings")


def train_world(arguments: argparse.Namespace) -> None:
    """Read about a world by span corruption, and learn to answer who was born where."""
    from sanity.pretraining.world import make_world
    from training.tasks import World

    recipe = recipe_of(arguments, "world")
    world = make_world(arguments.seed)
    run(World(recipe, world.prose, *zip(*world.train, strict=True)), world.dev, world.test, arguments, "world")


def recipe_of(arguments: argparse.Namespace, name: str) -> Any:
    """Return the recipe with the changes of the command line."""
    from training.recipe import RECIPES

    recipe = replace(RECIPES[name], seed=arguments.seed)
    if arguments.rounds is not None:
        recipe = replace(recipe, rounds=arguments.rounds)
    return recipe if arguments.lr is None else replace(recipe, main=replace(recipe.main, lr=arguments.lr))


def run(task: Any, dev: Sequence[Any], test: Sequence[Any], arguments: argparse.Namespace, name: str) -> None:
    """Train, ask dev after each round, and at the end the test; write answers.jsonl."""
    import torch

    from training import checkpoint, loop
    from training.model import answer, new_model
    from training.tasks import fingerprint
    from training.tracking import Log

    folder = arguments.out or Path("trained", name)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.restart:
        shutil.rmtree(folder, ignore_errors=True)
    longest = max(len(right) for _, right in dev) + 1

    def answers(model: Any, pairs: Sequence[Any]) -> list[str]:
        return answer(model, [question for question, _ in pairs], task.vocabulary, longest)

    def validate(model: Any, update: int) -> Any:
        score = 100 * sum(one == right for one, (_, right) in zip(answers(model, dev), dev, strict=True)) / len(dev)
        return loop.Validation(score, enough=score == 100)

    model = new_model(task.recipe, task.vocabulary)
    key = fingerprint(task.recipe, task.vocabulary, dev, test)
    with Log(folder, "exact match") as log:
        loop.train(model, task, task.recipe, validate, log, folder, key)
    best, _ = trained_model(folder)
    given = answers(best, test)
    lines = [
        {"question": question, "right": right, "answer": one}
        for (question, right), one in zip(test, given, strict=True)
    ]
    write_report(folder, task, best, lines)
    (folder / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    score = 100 * sum(line["right"] == line["answer"] for line in lines) / len(lines)
    print(f"exact match on the test, after round {checkpoint.read(folder)['best']['round']}: {score:.1f}")


def write_report(folder: Path, task: Any, model: Any, lines: Sequence[dict[str, str]]) -> None:
    """Write report.html, if matplotlib and jinja2 are installed."""
    import torch

    from training.attention import attention_weights, names_of_heads
    from training.questions import MASK, encode
    from training.tracking import read_log

    try:
        from sanity.pretraining.report import Answered, Heads, report_files
    except ModuleNotFoundError:
        return
    recipe, heads = task.recipe, []
    for line in lines[:2]:
        text = line["question"] + MASK
        weights = attention_weights(model, torch.tensor(encode(text, task.vocabulary)), recipe.n_heads)
        heads.append(Heads(list(text), names_of_heads(recipe), weights[:, :, -1].flatten(0, 1).tolist()))
    stages = {"Training, in each round": recipe.main, "Fine-tuning, after each round": recipe.finetuning}
    own = [(name, value) for name, value in facts_of(recipe) if name not in ("main", "finetuning")]
    facts = {"Recipe": own, **{title: facts_of(stage) for title, stage in stages.items() if stage}}
    answered = [Answered(**line) for line in lines]
    files = report_files(
        f"Training in {folder.name}", read_log(folder / "log.jsonl"), answered, heads, facts, bool(recipe.finetuning)
    )
    (folder / "report.html").write_text(files["report.html"], encoding="utf-8")


def facts_of(recipe: Any) -> list[tuple[str, str]]:
    """Return the fields of a recipe, or of a stage, by name."""
    return [(one.name, str(getattr(recipe, one.name))) for one in fields(recipe)]


def trained_model(folder: Path) -> tuple[Any, list[str]]:
    """Return the best model of a training, in evaluation mode, and its vocabulary."""
    from training import checkpoint
    from training.model import load_weights, new_model
    from training.recipe import recipe_from_plain

    saved = checkpoint.read(folder)
    model = new_model(recipe_from_plain(saved["recipe"]), saved["vocabulary"])
    load_weights(model, saved["best"]["weights"])
    return model.eval(), saved["vocabulary"]


def answer(arguments: argparse.Namespace) -> None:
    """Ask a trained model."""
    from training.model import answer

    model, vocabulary = trained_model(arguments.folder)
    for question in arguments.questions:
        print(*answer(model, [question], vocabulary, longest=20))


def exposure_bias(arguments: argparse.Namespace) -> None:
    """Print how often a model errs at each place of an answer, teacher-forced and free-running."""
    import torch

    from pretraining import exposure_errors
    from training.questions import MASK, encode

    model, vocabulary = trained_model(arguments.folder)
    pairs = [json.loads(line) for line in (arguments.folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    longest = max(len(pair["right"]) for pair in pairs)
    same = [pair for pair in pairs if len(pair["right"]) == longest]
    prompts = torch.tensor([encode(pair["question"] + MASK, vocabulary) for pair in same])
    answers = torch.tensor([encode(pair["right"], vocabulary) for pair in same])
    print(f"share of wrong characters in {len(same)} answers of {longest} characters")
    for name, errors in zip(("teacher-forced", "free-running"), exposure_errors(model, prompts, answers), strict=True):
        print(f"{name:15}", *(f"{100 * float(error):5.1f} %" for error in errors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
