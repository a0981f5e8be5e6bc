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
    # Question 5a: your code starts here.
    raise NotImplementedError("5a: not implemented yet")
    # Question 5a: your code ends here.


def merge_pair(pieces: list[bytes], pair: Merge) -> list[bytes]:
    """Question 5a. Return the pieces of a word with each occurrence of a pair merged, from left to right.

    Of a, a, a with the pair (a, a) becomes aa, a.
    """
    # Question 5a: your code starts here.
    raise NotImplementedError("5a: not implemented yet")
    # Question 5a: your code ends here.


def encode(text: str, merges: Sequence[Merge]) -> list[int]:
    """Question 5b. Return the numbers of a text's pieces.

    Each word (words_of) begins as a list of single bytes; then the merges are applied, each where it can be, in the
    order in which they were learnt. The number of a single byte is its value, from 0 to 255; that of the piece that
    merge i makes is 256 + i, counted from 0.
    """
    # Question 5b: your code starts here.
    raise NotImplementedError("5b: not implemented yet")
    # Question 5b: your code ends here.


def decode(numbers: Sequence[int], merges: Sequence[Merge]) -> str:
    """Question 5b. Return the text of some pieces: of encode(text, merges) it is text, whatever text is.

    A piece may be a part of a character. Where bytes are no text, since the rest of a character is missing, U+FFFD
    stands in the result: that is bytes.decode(errors="replace") of all bytes together.
    """
    # Question 5b: your code starts here.
    raise NotImplementedError("5b: not implemented yet")
    # Question 5b: your code ends here.
