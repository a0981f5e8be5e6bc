"""Valid bytes, damaged as transfers, editors and attackers damage them: a Hypothesis strategy."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

EXTREMES = tuple(
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
    for order in ("little", "big")
)
"""The numbers at which sizes and offsets go wrong."""


def mutated(*valid: bytes, words: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """One of these texts with a few places overwritten, cut out, doubled or filled.

    Args:
        valid: what a parser takes.
        words: what means something to it, such as the signatures in a zip archive.
    """
    pieces = st.one_of(st.sampled_from([*EXTREMES, *words]), st.binary(min_size=1, max_size=4))
    places = st.one_of(st.floats(0, 1), st.floats(0.9, 1))  # an archive's directory is at its end
    changes = st.lists(st.tuples(st.sampled_from(["over", "into", "cut", "twice", "many"]), places, pieces), max_size=4)
    return st.builds(_changed, st.sampled_from(valid), changes)


def _changed(data: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    for change, place, piece in changes:
        at = round(place * len(data))
        match change:
            case "over":
                data = data[:at] + piece + data[at + len(piece) :]
            case "into":
                data = data[:at] + piece + data[at:]
            case "cut":
                data = data[:at] + data[at + len(piece) * 3 :]
            case "twice":
                data = data[:at] + data[at:] * 2
            case _:
                data = data[:at] + piece * 2000 + data[at:]
    return data
