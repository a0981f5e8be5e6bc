"""Mistakes planted in the training, one at a time: each fails the test that is about it."""

from __future__ import annotations

import importlib
import inspect
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch

from graders.course.assignment import course_root
from sanity.core.submission_modules import SubmissionModules
from tests.assignments.a4 import test_a4_losses, test_a4_recipe, test_a4_run, test_a4_tracking, test_a4_training
from tests.assignments.a4.test_a4_run import files, out  # noqa: F401  (fixtures)
from tests.support.tiny import Tiny


class Bug(NamedTuple):
    """One mistake: in a file of the handout or in sanity/, one text in place of another; the test that must see it."""

    name: str
    file: str
    right: str
    wrong: str
    test: Any


CLIP = "nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_grad)"

BUGS = [
    Bug(
        "padding is counted in the loss",
        "nmt/losses.py",
        "argsort(stable=True)[: batch.words]",
        "argsort(stable=True)",
        test_a4_losses.test_each_predicted_word_has_its_loss,
    ),
    Bug(
        "<s> is predicted",
        "nmt/losses.py",
        "predicted = batch.target[1:].flatten()",
        "predicted = batch.target[:-1].flatten()",
        test_a4_losses.test_each_predicted_word_has_its_loss,
    ),
    Bug(
        "the padding's row is drawn too",
        "nmt/recipe.py",
        "layer.weight[layer.padding_idx].zero_()",
        "pass",
        test_a4_recipe.test_a_sentence_means_the_same_alone_and_in_a_batch,
    ),
    Bug(
        "perplexity by sentence",
        "nmt/training.py",
        "perplexity=perplexity(loss, state.words)",
        "perplexity=perplexity(loss, state.sentences)",
        test_a4_training.test_loss_is_counted_by_sentence_and_perplexity_by_predicted_word,
    ),
    Bug(
        "the loss of a batch is a sum",
        "nmt/optimization.py",
        "(loss / len(batch.source_lengths)).backward()",
        "loss.backward()",
        test_a4_training.test_the_gradient_is_that_of_the_mean_over_sentences,
    ),
    Bug(
        "the loss of a batch is a mean over words",
        "nmt/optimization.py",
        "(loss / len(batch.source_lengths)).backward()",
        "(loss / batch.words).backward()",
        test_a4_training.test_the_gradient_is_that_of_the_mean_over_sentences,
    ),
    Bug(
        "gradients add up from step to step",
        "nmt/optimization.py",
        "self.adam.zero_grad(set_to_none=True)",
        "pass",
        test_a4_training.test_the_gradient_is_that_of_the_mean_over_sentences,
    ),
    Bug(
        "the gradient is clipped after the step",
        "nmt/optimization.py",
        f"{CLIP}\n        self.adam.step()\n",
        f"self.adam.step()\n        {CLIP}\n",
        test_a4_training.test_the_gradient_norm_is_clipped,
    ),
    Bug(
        "dropout stays on in validation",
        "nmt/training.py",
        "        self.model.eval()\n",
        "",
        test_a4_training.test_validation_is_without_dropout_and_training_has_it_again,
    ),
    Bug(
        "dropout stays off after that",
        "nmt/optimization.py",
        "        self.model.train()\n",
        "",
        test_a4_training.test_validation_is_without_dropout_and_training_has_it_again,
    ),
    Bug(
        "training does not return to the best weights",
        "nmt/training.py",
        "            self.restore_best(with_moments=True)\n",
        "",
        test_a4_training.test_training_returns_to_the_best_weights_with_a_lower_rate,
    ),
    Bug(
        "the last weights are taken for the best",
        "nmt/training.py",
        "    training.restore_best(with_moments=False)\n",
        "",
        test_a4_training.test_training_returns_to_the_best_weights_with_a_lower_rate,
    ),
    Bug(
        "training does not return to the best moments",
        "nmt/training.py",
        "        if with_moments:\n",
        "        if False:\n",
        test_a4_training.test_training_returns_to_the_best_weights_with_a_lower_rate,
    ),
    Bug(
        "a lower learning rate that is not used",
        "nmt/training.py",
        "            state.decay *= self.recipe.lr_decay\n",
        "",
        test_a4_training.test_the_decayed_rate_is_the_one_used,
    ),
    Bug(
        "a resumed run has new moments",
        "nmt/training.py",
        '            load_moments(self.optimizer.adam, content["optimizer"])\n            self.state',
        "            self.state",
        test_a4_training.test_a_killed_training_resumes_to_the_same_curve,
    ),
    Bug(
        "a resumed run has other random numbers",
        "nmt/training.py",
        '            checkpoint.set_rng_state(content["random"], self.device)\n',
        "",
        test_a4_training.test_a_killed_training_resumes_to_the_same_curve,
    ),
    Bug(
        "a resumed run begins the epoch anew",
        "nmt/training.py",
        "islice(epoch, self.state.batches, None)",
        "islice(epoch, 0, None)",
        test_a4_training.test_a_killed_training_resumes_to_the_same_curve,
    ),
    Bug(
        "older checkpoints go before the new one is there",
        "sanity/training/checkpoint.py",
        "        write_atomically(self.path(update), lambda file: torch.save(content, file))\n",
        "        self.remove()\n        write_atomically(self.path(update), lambda file: torch.save(content, file))\n",
        test_a4_training.test_a_full_disk_is_one_line_and_costs_nothing,
    ),
    Bug(
        "training is stopped by the test",
        "nmt/commands/inputs.py",
        "indexed(corpus.dev, vocab)",
        "indexed(corpus.test, vocab)",
        test_a4_run.test_test_is_touched_once_and_at_the_end,
    ),
    Bug(
        "BLEU of the test at each validation",
        "nmt/commands/train.py",
        "validation_on(corpus.dev, dev, args.dev_bleu, ",
        "validation_on(corpus.test, dev, args.dev_bleu, ",
        test_a4_run.test_test_is_touched_once_and_at_the_end,
    ),
    Bug(
        "a resumed log has updates twice",
        "sanity/training/tracking.py",
        'if line["update"] <= update]',
        "]",
        test_a4_tracking.test_a_resumed_log_has_each_update_once,
    ),
]


@pytest.fixture
def folder_with_a_bug(a4_folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A copy of the modules, to be spoilt."""
    path = tmp_path / "a4"
    shutil.copytree(a4_folder, path, ignore=shutil.ignore_patterns("__pycache__"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    code = SubmissionModules(path, [(file.relative_to(path).as_posix(),) for file in path.rglob("*.py")])
    yield path
    code.forget()
    torch.set_num_threads(threads)


def plant(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a module with other text in the place of one of ours."""
    module = ModuleType(name)
    exec(text, vars(module))
    package, _, last = name.rpartition(".")
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys.modules[package], last, module)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_fails_its_test(
    bug: Bug, folder_with_a_bug: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = (course_root() if bug.file.startswith("sanity/") else folder_with_a_bug) / bug.file
    text = file.read_text()
    assert text.count(bug.right) == 1
    text = text.replace(bug.right, bug.wrong)
    if bug.file.startswith("sanity/"):
        plant(bug.file.removesuffix(".py").replace("/", "."), text, monkeypatch)
    else:
        file.write_text(text)
    needed = inspect.signature(bug.test).parameters
    known = {"a4": importlib.import_module, "recipe": {"lr": 0.5}}
    if "tiny" in needed:
        known["tiny"] = Tiny(importlib.import_module, dropout=0.0)
    if "report" in needed:
        known["report"] = importlib.import_module("nmt.tracking").Report(1, 280, 1.0, 2.0, 3, 4.0, 5.0)
    given = {name: known[name] if name in known else request.getfixturevalue(name) for name in needed}
    with pytest.raises(AssertionError):
        bug.test(**given)
