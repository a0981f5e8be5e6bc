"""Assignment 4, question 1b: the embeddings of source and target words."""

from torch import nn

from vocab import Vocab


class ModelEmbeddings(nn.Module):
    """Turns word indices into vectors, in both languages."""

    def __init__(self, embed_size: int, vocab: Vocab) -> None:
        """Question 1b. Make the two embedding layers, `self.source` and `self.target`.

        Args:
            embed_size: the length e of a word's vector, in both languages.
            vocab: the words of both languages; `vocab.src` and `vocab.tgt` are VocabEntry objects,
                `len(vocab.src)` is the number of source words and `vocab.src["<pad>"]` the padding's index.

        The row of the padding token must stay zero: see `padding_idx` of `nn.Embedding`.
        """
        super().__init__()
        self.embed_size = embed_size
        # Question 1b: your code starts here.
        raise NotImplementedError("1b: not implemented yet")
        # Question 1b: your code ends here.
