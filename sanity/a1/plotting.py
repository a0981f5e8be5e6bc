"""Question 1.4: the picture, read from the axes, not from its pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sanity.a1.corpora import TOKENS, WORDS
from sanity.a1.notebook import notebook
from sanity.core.case import Case, Cases
from sanity.core.check import Checks
from sanity.core.compare import Array
from sanity.core.errors import CheckFailed
from sanity.core.probe import Run, probe
from sanity.core.values import size_text

check = Checks("1.4")
NEAR = 0.3
"""How far a label may stand from its point: points are at least 0.5 apart."""
SAME = 1e-6
"""Drawing takes coordinates as they are; float32 is good to 1e-7."""


def make_points(*, seed: int, asked: int, more: int) -> dict[str, Any]:
    """Make points for asked + more words, at least half a unit apart, and choose the words to draw."""
    rng = np.random.default_rng(seed)
    count = asked + more
    names = (*TOKENS, *WORDS)
    words = [names[i] for i in rng.permutation(len(names))[:count]]
    side = count + 1
    cells = rng.choice(side * side, size=count, replace=False)
    points = np.stack([cells // side - count / 2, cells % side - count / 2], axis=1)
    points += rng.uniform(-0.25, 0.25, points.shape)
    return {
        "M_reduced": points,
        "word2ind": {word: index for index, word in enumerate(words)},
        "chosen": [words[i] for i in rng.permutation(count)[:asked]],
    }


POINTS = Cases(
    make_points,
    {"asked": (2, 8), "more": (0, 6)},
    "{asked} words to draw, of {asked} + {more}",
    ({"asked": 2, "more": 3}, {"asked": 5, "more": 4}, {"asked": 3}),
)
SINGLE = Cases(make_points, {"asked": (1, 1), "more": (0, 3)}, "1 word to draw, of 1 + {more}", ({"more": 3},), drawn=1)
"""Points of which one is drawn."""


@probe("points, labels", of="plot_embeddings()", needs=("matplotlib",))
def plot_embeddings(code: Any, case: Case) -> Any:
    """Draw the words; return the points, and each label's text with the point that it stands at."""
    draw = notebook(code).plot_embeddings  # first: a notebook may draw while it is imported
    import matplotlib.pyplot as plt

    plt.close("all")
    with figures_kept_open(plt):
        draw(case.M_reduced.copy(), dict(case.word2ind), list(case.chosen))
        drawn = [axes for number in plt.get_fignums() for axes in plt.figure(number).axes]
    points = [[float(x), float(y)] for axes in drawn for x, y in points_on(axes)]
    labels = [label for axes in drawn for label in labels_on(axes)]
    plt.close("all")
    return points, labels


@contextmanager
def figures_kept_open(plt: Any) -> Iterator[None]:
    """Let plt.close() do nothing, so that a figure can be read even if the submission has closed it."""
    close, plt.close = plt.close, lambda *args, **options: None
    try:
        yield
    finally:
        plt.close = close


def points_on(axes: Any) -> Iterator[Any]:
    """Return the points that scatter() or plot() has drawn."""
    for collection in axes.collections:
        yield from np.ma.getdata(collection.get_offsets())
    for line in axes.lines:
        if line.get_marker() not in (None, "None", "", " "):
            yield from line.get_xydata()


def labels_on(axes: Any) -> Iterator[list[Any]]:
    """Return the text of each label and the point that it belongs to."""
    for label in axes.texts:
        x, y = getattr(label, "xy", label.get_position())  # an annotation stands off its point
        yield [str(label.get_text()), float(x), float(y)]


def points(run: Run, case: Case) -> Array:
    """Return the points drawn, (n, 2); raise CheckFailed if there are none."""
    found = np.array(run(plot_embeddings, case)["points"], np.float64).reshape(-1, 2)
    if not len(found):
        raise CheckFailed("no points were drawn", hint="draw with plt.scatter(x, y) or ax.scatter(x, y)")
    return found


def labels(run: Run, case: Case) -> list[tuple[str, Array]]:
    """Return the text and the place of each label; raise CheckFailed if there are none."""
    found = [(text, np.array([x, y])) for text, x, y in run(plot_embeddings, case)["labels"]]
    if not found:
        raise CheckFailed("no labels were drawn", hint="write with plt.text(x, y, word) or ax.annotate(word, (x, y))")
    return found


def asked_for(case: Case) -> Array:
    """Return the points of the words asked for, (n, 2)."""
    rows: Array = case.M_reduced[[case.word2ind[word] for word in case.chosen]]
    return rows


def nearest(place: Array, among: Array) -> float:
    """Return the distance from place to the nearest of some points; infinite if place is not finite."""
    distance = np.sqrt(((among - place) ** 2).sum(axis=1)).min()
    return float(distance) if np.isfinite(distance) else np.inf


def all_there(wanted: Iterable[Array], among: Array, said: str, diagnosis: str = "") -> None:
    """Raise CheckFailed unless each of the points wanted is one of some points."""
    missing = [point for point in wanted if nearest(point, among) > SAME]
    if missing:
        raise CheckFailed(
            said.format(size_text(len(missing))), diagnosis=diagnosis, detail=f"such as {missing[0].round(3).tolist()}"
        )


@check(POINTS, weight=4, outputs=("points",))
def draws_the_words_asked_for(run: Run, expect: Run, case: Case) -> None:
    """There is a point for each word asked for, at its row of M_reduced."""
    same_points(run, expect, case)


@check(SINGLE)
def draws_a_single_word(run: Run, expect: Run, case: Case) -> None:
    """A single word is drawn, too, with its label."""
    same_points(run, expect, case)
    same_labels(run, expect, case)


def same_points(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless each point asked for is there."""
    drawn, want = points(run, case), points(expect, case)
    swapped = len(drawn) == len(want) and all(nearest(point[::-1], drawn) <= SAME for point in want)
    diagnosis = "x and y of the points are swapped" if swapped else ""
    all_there(want, drawn, f"{{}} of the {len(want)} points asked for are missing", diagnosis)


@check(POINTS, weight=3, outputs=("labels",))
def labels_each_word(run: Run, expect: Run, case: Case) -> None:
    """Each word asked for has one label with its name, at its own point and not at another's."""
    same_labels(run, expect, case)


def same_labels(run: Run, expect: Run, case: Case) -> None:
    """Raise CheckFailed unless each word asked for has its label."""
    drawn = labels(run, case)
    where = dict(labels(expect, case))
    for word, point in where.items():
        places = [place for text, place in drawn if text == word]
        if len(places) != 1:
            raise CheckFailed(
                f"a word asked for has {size_text(len(places))} labels, expected one", detail=f"the word {word!r}"
            )
        if nearest(places[0], point[None]) > NEAR:
            swapped = any(nearest(places[0], other[None]) <= NEAR for other in where.values())
            diagnosis = "labels are at the points of other words" if swapped else ""
            raise CheckFailed(
                "a label is not at the point of its word", diagnosis=diagnosis, detail=f"the word {word!r}"
            )


@check(POINTS, weight=2)
def draws_nothing_else(run: Run, case: Case) -> None:
    """No other point and no other label is drawn."""
    others = [text for text, _ in labels(run, case) if text not in case.chosen]
    if others:
        raise CheckFailed(
            f"{size_text(len(others))} labels name words that were not asked for", detail=f"such as {others[0]!r}"
        )
    all_there(points(run, case), asked_for(case), "{} points are drawn that were not asked for")


@check(POINTS, weight=2)
def draws_the_same_in_any_order(run: Run, case: Case) -> None:
    """The words asked for in another order give the same points and labels."""
    other = case.having(chosen=case.chosen[::-1])
    said = "with the words in another order {} points differ"
    all_there(points(run, case), points(run, other), said)
    before, after = labels(run, case), dict(labels(run, other))
    moved = [text for text, place in before if text not in after or nearest(place, after[text][None]) > NEAR]
    if moved:
        raise CheckFailed(f"with the words in another order {size_text(len(moved))} labels differ")
