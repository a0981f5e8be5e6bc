"""Assignment 5, question 4i: documents with a part taken out, for a model that learns to put it back."""

import random

import torch
from torch import Tensor
from torch.utils.data import Dataset


class CharCorruptionDataset(Dataset[tuple[Tensor, Tensor]]):
    """Examples of span corruption, made anew each time that they are asked for.

    Attributes:
        data: the documents, one a line.
        block_size: how many characters an example has, with its padding.
        stoi, itos: a character's number, and a number's character; 0 is padding and 1 the mask.
    """

    MASK_CHAR = "\u2047"
    """Stands for what was taken out: a character that no document has."""
    PAD_CHAR = "\u25a1"
    """Fills an example up: a character that no document has."""

    def __init__(self, data: str, block_size: int) -> None:
        """Split a text into documents, and number its characters."""
        characters = [self.PAD_CHAR, self.MASK_CHAR, *sorted(set(data))]
        if len(set(characters)) < len(characters):
            raise ValueError("the text has the character of the mask, or that of padding")
        self.stoi = {character: number for number, character in enumerate(characters)}
        self.itos = dict(enumerate(characters))
        self.vocab_size, self.block_size = len(characters), block_size
        self.data = data.split("\n")

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.data)

    def __getitem__(self, idx: int) -> tuple[Tensor, Tensor]:
        """Question 4i. Return one example of the document number idx: what goes in, and what should come out.

        1. Cut the document to a random length, from 4 to int(7/8 block_size) characters; one that is shorter stays.
        2. Take a random part out of its middle: random in length, about a quarter of what is left on average, and in
           place. What stands before it is the prefix, what stands after it the suffix.
        3. Join prefix, mask, suffix, mask, middle, and fill up with padding to block_size characters.
        4. The input x is all but the last of these, the output y all but the first, as numbers.

        Returns:
            x and y, (block_size - 1,) each, int64.
        """
        ### BEGIN SOLUTION 4i
        document = self.data[idx][: random.randint(4, int(self.block_size * 7 / 8))]
        length = random.randint(0, len(document) // 2)
        start = random.randint(0, len(document) - length)
        prefix, middle, suffix = document[:start], document[start : start + length], document[start + length :]
        text = prefix + self.MASK_CHAR + suffix + self.MASK_CHAR + middle
        text = text.ljust(self.block_size, self.PAD_CHAR)
        numbers = torch.tensor([self.stoi[character] for character in text], dtype=torch.long)
        return numbers[:-1], numbers[1:]
        ### END SOLUTION
