"""Assignment 5, questions 5a and 5b: words in pieces, by byte-pair encoding.

A text is taken apart into words, and a word into its UTF-8 bytes: 256 different ones are enough for every text there
is. Then pairs of neighbours that are frequent in a training text become pieces of their own.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Merge = tuple[bytes, bytes]
"""Two pieces that become one, where the first stands directly before the second in a word."""


def words_of(text: str) -> list[str]:
    """Return the words of a text, each with the one space before it; joined they are the text again.

    >>> words_of("to be,  or not")
    ['to', ' be,', ' ', ' or', ' not']
    """
    return re.findall(r" ?\S+|\s", text)


def learn_merges(text: str, n: int) -> list[Merge]:
    """Question 5a. Learn n merges from a text.

    Each word (words_of) begins as a list of single bytes. Again and again, the pair of neighbours with the highest
    count in all words becomes one piece, wherever it stands in a word: from left to right.

    * Every occurrence of a word counts; a pair never reaches over the end of a word.
    * Occurrences that share a piece count once, since only one of them can be merged: of aaa, aa is there once, of
      aaaa twice.
    * Of several pairs with the highest count, the smallest by Python's order of tuples of bytes is taken.

    Args:
        text: the training text.
        n: how many merges to learn. If no pair is left, fewer are.

    Returns:
        The merges in the order in which they were learnt.
    """
    ### BEGIN SOLUTION 5a
    words = {tuple(bytes([byte]) for byte in word.encode()): count for word, count in Counter(words_of(text)).items()}
    merges: list[Merge] = []
    while len(merges) < n:
        counts: Counter[Merge] = Counter()
        for pieces, count in words.items():
            counted_until = {}
            for i, pair in enumerate(pairwise(pieces)):
                if counted_until.get(pair, 0) <= i:
                    counts[pair] += count
                    counted_until[pair] = i + 2
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        words = {tuple(merge_pair(list(pieces), best)): count for pieces, count in words.items()}
    return merges
    ### END SOLUTION


def merge_pair(pieces: list[bytes], pair: Merge) -> list[bytes]:
    """Question 5a. Return the pieces of a word with each occurrence of a pair merged, from left to right.

    Of a, a, a with the pair (a, a) becomes aa, a.
    """
    ### BEGIN SOLUTION 5a
    merged: list[bytes] = []
    i = 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == pair:
            merged.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            merged.append(pieces[i])
            i += 1
    return merged
    ### END SOLUTION


def encode(text: str, merges: Sequence[Merge]) -> list[int]:
    """Question 5b. Return the numbers of a text's pieces.

    Each word (words_of) begins as a list of single bytes; then the merges are applied, each where it can be, in the
    order in which they were learnt. The number of a single byte is its value, from 0 to 255; that of the piece that
    merge i makes is 256 + i, counted from 0.
    """
    ### BEGIN SOLUTION 5b
    numbers: list[int] = []
    for word in words_of(text):
        pieces = [(byte, bytes([byte])) for byte in word.encode()]
        for rank, pair in enumerate(merges):
            i = 0
            while i < len(pieces) - 1:
                if (pieces[i][1], pieces[i + 1][1]) == tuple(pair):
                    pieces[i : i + 2] = [(256 + rank, pieces[i][1] + pieces[i + 1][1])]
                i += 1
        numbers += [number for number, _ in pieces]
    return numbers
    ### END SOLUTION


def decode(numbers: Sequence[int], merges: Sequence[Merge]) -> str:
    """Question 5b. Return the text of some pieces: of encode(text, merges) it is text, whatever text is.

    A piece may be a part of a character. Where bytes are no text, since the rest of a character is missing, U+FFFD
    stands in the result: that is bytes.decode(errors="replace") of all bytes together.
    """
    ### BEGIN SOLUTION 5b
    pieces = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
    return b"".join(pieces[number] for number in numbers).decode(errors="replace")
    ### END SOLUTION
