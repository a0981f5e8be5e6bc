"""Question 2e: the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanity.a3.networks import LARGE, NETWORKS, ONE, SINGLE
from sanity.core.case import Case
from sanity.core.check import Checks
from sanity.core.compare import Array, agrees, equal, same, shaped
from sanity.core.errors import CheckFailed, CouldNotRun
from sanity.core.probe import Run, probe
from sanity.gradients import same_gradients

check = Checks("2e")

DRAWS = 4000
"""Rows of a minibatch in training whose mean and variance are looked at."""
FALSE_ALARMS = 1e-9
"""The odds that a right initialisation gets a hint."""
RATE = 0.0123
"""A learning rate that no optimiser has by default."""
MATRICES = {"W": "the weight from embeddings to the hidden layer", "U": "the weight from the hidden layer to logits"}
WHAT = {"embeddings": "the embeddings", **MATRICES, "b": "the hidden layer's bias", "c": "the bias of the logits"}


@probe("embeddings: V E, not learnt", of="ParserModel()", needs=("torch",))
def stored(code: Any, case: Case) -> Any:
    """Make a model; return its embeddings, and the roles of weights that no optimiser learns."""
    from sanity.a3.beside.model import located, new, turned

    model = new(code, case)
    found, own = located(model, case), {id(p) for p in model.parameters() if p.requires_grad}
    return turned(case, "embeddings", found["embeddings"]), [role for role, w in found.items() if id(w) not in own]


@probe("joined: B F*E", of="embedding_lookup()", needs=("torch",))
def lookup(code: Any, case: Case) -> Any:
    """Look up the features of each row in the case's embeddings."""
    from sanity.a3.beside.model import fill, new, words_of

    return fill(new(code, case), case, "embeddings").eval().embedding_lookup(words_of(case))


@probe("logits: B C", of="forward()", needs=("torch",))
def forward(code: Any, case: Case) -> Any:
    """Compute the logits in evaluation, with the case's weights."""
    from sanity.a3.beside.model import fill, new, words_of

    return fill(new(code, case), case).eval()(words_of(case))


@probe("logits: B C, embeddings: V E, W: F*E H, b: H, U: H C, c: C", of="forward()", needs=("torch",))
def with_own_weights(code: Any, case: Case) -> Any:
    """Compute the logits in evaluation, with the weights that the model begins with; return these, too."""
    from sanity.a3.beside.model import new, roles, words_of

    model = new(code, case).eval()
    own = roles(model, case)
    return model(words_of(case)), *(own[name] for name in ("embeddings", "W", "b", "U", "c"))


@probe("not initialised", of="ParserModel()", needs=("torch",))
def left_empty(code: Any, case: Case) -> Any:
    """Make a model; return the roles of the weights that are NaN, as memory is that nothing is written to."""
    from sanity.a3.beside.model import new, roles

    return [role for role, weight in roles(new(code, case), case).items() if weight.isnan().any()]


@probe("gradients", of="forward()", needs=("torch",))
def weight_gradients(code: Any, case: Case) -> Any:
    """Return the gradients of a weighted sum of the logits by role, in evaluation and with the case's weights."""
    from sanity.a3.beside.model import fill, gradients, new, words_of

    model = fill(new(code, case), case).eval()
    return gradients(model, case, model(words_of(case)))


@probe("mean: B C, variance: B C, varies, varies in evaluation", of="forward()", needs=("torch",))
def training(code: Any, case: Case) -> Any:
    """Compute the logits of many copies of each row in training, with the case's weights.

    Return their means and variances, and whether calls differ, in training and in evaluation.
    """
    import torch

    from sanity.a3.beside.model import fill, new, words_of

    torch.manual_seed(case.seed)
    words = words_of(case).repeat(DRAWS, 1)  # so many that two calls never drop the same by chance
    model = fill(new(code, case), case).train()
    with torch.no_grad():
        first, again = model(words), model(words)
        model.eval()
        steady = torch.equal(model(words), model(words))
    many = first.reshape(DRAWS, len(case.features), -1).double()
    return many.mean(dim=0), many.var(dim=0), not torch.equal(first, again), not steady


@probe("weights, output weights, rates", of="ParserModel()", needs=("torch",))
def by_default(code: Any, case: Case) -> Any:
    """Make a model of nothing but embeddings; return the shapes of its weights, and the rates of its dropout layers."""
    import torch

    from sanity.a3.beside.model import roles

    model = code.parser_model.ParserModel(case.embeddings.copy())
    E = case.embeddings.shape[1]
    sizes = case.having(W=np.zeros((36 * E, 200)), b=np.zeros(200), U=np.zeros((200, 3)), c=np.zeros(3))
    found = roles(model, sizes)
    rates = [layer.p for layer in model.modules() if isinstance(layer, torch.nn.Dropout)]
    return list(found["W"].shape), list(found["U"].shape), rates


@probe("layers", of="ParserModel()", needs=("torch",))
def kinds_of_layers(code: Any, case: Case) -> Any:
    """Return the names of the types of a model's layers."""
    from sanity.a3.beside.model import new

    return sorted({type(layer).__name__ for layer in new(code, case).modules()})


@probe("rates", of="train()", needs=("torch",))
def learning_rates(code: Any, case: Case) -> Any:
    """Return the learning rates with which the student's own run.py would train; none if it has no train()."""
    from sanity.a3.beside.training import rates_of_training

    return rates_of_training(code.folder, RATE)


def hidden(case: Case, weights: Any) -> Array:
    """Return ReLU(x W + b) for features of a case and some weights."""
    x = np.asarray(weights["embeddings"], np.float64)[case.features].reshape(len(case.features), -1)
    return np.asarray(np.maximum(x @ weights["W"] + weights["b"], 0))


check.compares(
    stored, NETWORKS, "embeddings", weight=6, says="The embeddings are a parameter that begins as the matrix given."
)
check.compares(
    lookup,
    NETWORKS,
    "joined",
    weight=6,
    says="embedding_lookup() joins the embeddings of a row's features, in their order.",
)


def fitted(run: Run, case: Case) -> Case:
    """Return the case for this submission: a wrong embedding_lookup() has a stand-in, so that it costs what it is."""
    want = case.embeddings[case.features].reshape(len(case.features), -1)
    try:
        right = agrees(run(lookup, case)["joined"], want)
    except (CheckFailed, CouldNotRun):
        right = False
    return case if right else case.having(stand_in=True)


@check(NETWORKS, weight=10, outputs=("logits",))
def gives_the_right_logits(run: Run, expect: Run, case: Case) -> None:
    """forward() gives the right logits in evaluation."""
    same(run(forward, fitted(run, case)), expect(forward, case), forward.axes)


@check(SINGLE, weight=5)
def takes_a_minibatch_of_one(run: Run, expect: Run, case: Case) -> None:
    """A minibatch of one partial parse is right, too."""
    same(run(lookup, case), expect(lookup, case), lookup.axes)
    same(run(forward, case), expect(forward, case), forward.axes)


@check(ONE, weight=6, gradients=True)
def gradients_reach_every_weight(run: Run, expect: Run, case: Case) -> None:
    """The right gradient reaches every weight, both biases and the embeddings."""
    same_gradients(run(weight_gradients, fitted(run, case))["gradients"], expect(weight_gradients, case)["gradients"])


@check(ONE, weight=2)
def registers_every_weight(run: Run, case: Case) -> None:
    """The embeddings, both weights and both biases are parameters that are learnt."""
    forgotten = run(stored, case)["not learnt"]
    for role, what in WHAT.items():
        if role in forgotten:
            hint = "a plain tensor is no parameter, and one without gradient is frozen: use nn.Parameter"
            raise CheckFailed(f"no optimiser learns {what}", hint=hint)


@check(ONE, weight=2)
def has_the_usual_sizes(run: Run, expect: Run, case: Case) -> None:
    """By default there are 36 features, 200 hidden units and 3 classes, and the rate of dropout is 0.5."""
    got, want = run(by_default, case), expect(by_default, case)
    for name in ("weights", "output weights"):
        if got[name] != want[name]:
            raise CheckFailed(f"by default the {name} have another shape")
    if got["rates"] not in ([], want["rates"]):  # none where a function drops out
        raise CheckFailed("by default the rate of dropout is not 0.5")


@check(ONE, weight=3)
def computes_with_its_own_weights(run: Run, case: Case) -> None:
    """In evaluation the logits are ReLU(x W + b) U + c, with the weights that the model begins with."""
    own = run(with_own_weights, fitted(run, case))
    want = hidden(case, own) @ own["U"] + own["c"]
    got = shaped(own, "logits", "B C", want.astype(np.float32))
    equal("logits", got, want.astype(np.float32), "the logits are not ReLU(x W + b) U + c of the model's own weights")


def logits_of(case: Case) -> tuple[Array, Array]:
    """Return the logits in evaluation, and the variance that dropout gives each in training."""
    h = hidden(case, case.values)
    return h @ case.U + case.c, case.p / (1 - case.p) * (h**2 @ case.U.astype(np.float64) ** 2)


@check(ONE, weight=3)
def drops_out_in_training_only(run: Run, case: Case) -> None:
    """In training the logits change from call to call, in evaluation they do not."""
    answers = run(training, fitted(run, case))
    if answers["varies in evaluation"] is not False:
        diagnosis = "numbers are dropped in evaluation, too"
        raise CheckFailed("the logits change in evaluation", diagnosis=diagnosis)
    if answers["varies"] is not True:
        diagnosis = "dropout is not applied, or its mask is drawn only once"
        raise CheckFailed("the logits do not change in training", diagnosis=diagnosis)


@check(ONE, weight=2)
def keeps_the_mean_in_training(run: Run, case: Case) -> None:
    """Over many calls the mean of the logits in training is what they are in evaluation."""
    mean, variance = logits_of(case)
    got = shaped(run(training, fitted(run, case)), "mean", "B C", mean)
    if not (np.abs(got - mean) <= 7 * np.sqrt(variance / DRAWS) + 1e-3).all():
        raise CheckFailed("the mean of the logits in training is not what they are in evaluation", output="mean")


@check(ONE, weight=1)
def drops_hidden_units_at_the_given_rate(run: Run, case: Case) -> None:
    """Dropout acts on the hidden layer, with the probability given: the logits in training vary as they should."""
    _, variance = logits_of(case)
    got = shaped(run(training, fitted(run, case)), "variance", "B C", variance)
    ratio = got / variance
    if not ((ratio > 0.6) & (ratio < 1.6)).all():
        by_default = ratio * case.p / (1 - case.p)  # the ratio if the probability is 0.5
        diagnosis = "dropout_prob is not used" if ((by_default > 0.6) & (by_default < 1.6)).all() else ""
        raise CheckFailed(
            "the logits vary more or less in training than dropout of the hidden layer makes them", diagnosis=diagnosis
        )


@check(LARGE, weight=1)
def begins_with_weights_of_the_right_size(run: Run, case: Case) -> None:
    """The weights begin random and about as large as Xavier's are."""
    own = run(with_own_weights, fitted(run, case))
    for name, what in MATRICES.items():
        weight = shaped(own, name, "in out", case.values[name])
        ratio = float(weight.std()) / np.sqrt(2 / sum(weight.shape))
        if not 0.6 < ratio < 1.4:
            diagnosis = "a weight begins with zeros or with one number" if ratio < 1e-6 else ""
            raise CheckFailed(f"{what} begins too {'large' if ratio > 1 else 'small'}", diagnosis=diagnosis)


@check(LARGE, weight=1)
def begins_with_numbers_of_its_own(run: Run, case: Case) -> None:
    """Every weight and both biases are initialised: none begins as whatever is in memory."""
    forgotten = run(left_empty, case)["not initialised"]
    for role, what in WHAT.items():
        if role in forgotten:
            said = f"nothing initialises {what}"
            raise CheckFailed(said, diagnosis=f"{said}: whatever is in memory is there to begin with")


@check.hint(LARGE)
def begins_with_xavier_uniform(run: Run, case: Case) -> None:
    """The weights begin uniform within the bounds of nn.init.xavier_uniform_."""
    own = run(with_own_weights, fitted(run, case))
    for name, what in MATRICES.items():
        weight = shaped(own, name, "in out", case.values[name])
        bound = np.sqrt(6 / sum(weight.shape))
        found, n = np.sort(weight.ravel()), weight.size
        # By the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart a right one is farther off with these odds.
        allowed = np.sqrt(np.log(2 / FALSE_ALARMS) / (2 * n)) + 1 / n
        if (
            np.abs(np.clip((found / bound + 1) / 2, 0, 1) - np.arange(n) / n).max() > allowed
            or found[-1] > 1.001 * bound
        ):
            raise CheckFailed(f"{what} does not begin as nn.init.xavier_uniform_ makes it")


@check.hint(LARGE)
def begins_with_uniform_biases(run: Run, case: Case) -> None:
    """The biases begin uniform between 0 and 1."""
    own = run(with_own_weights, fitted(run, case))
    for name, what in (("b", "the hidden layer's bias"), ("c", "the bias of the logits")):
        bias = shaped(own, name, "out", case.values[name])
        if not (bias.min() >= 0 and bias.max() <= 1 and np.ptp(bias) > 0):
            raise CheckFailed(f"{what} does not begin as nn.init.uniform_ makes it")


# A hint, and worth nothing: run.py is no answer to a question and need not be handed in, so that who hands one in could
# only lose by it.
@check.hint(ONE)
def trains_at_the_rate_given(run: Run, case: Case) -> None:
    """If there is a train() in run.py, its optimiser gets the learning rate."""
    rates = run(learning_rates, case)["rates"]
    if rates and RATE not in rates:
        said = "in run.py the optimiser of train() does not get the learning rate"
        raise CheckFailed(said, hint="without lr= it has its own default")


@check(ONE, weight=4, rule="own-layers")
def makes_its_own_layers(run: Run, case: Case) -> None:
    """The model has no nn.Linear and no nn.Embedding: its weights are parameters of its own."""
    found = run(kinds_of_layers, case)["layers"]
    for kind in ("Linear", "Embedding"):
        if kind in found:
            raise CheckFailed(f"the model has a layer of type nn.{kind}", hint="make it of nn.Parameter and nn.init")
