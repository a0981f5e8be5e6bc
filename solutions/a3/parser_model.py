"""Assignment 3, question 2e: the network that predicts the next transition of a partial parse.

Shapes are written with these letters: V words in the vocabulary, E numbers in an embedding, F features of a partial
parse, H numbers in the hidden layer, C classes, B partial parses in a minibatch.
"""

import sys
from typing import Any

import torch
from torch import Tensor, nn


class ParserModel(nn.Module):
    """A network with one hidden layer over the embeddings of a partial parse's features.

    Attributes:
        embeddings: (V, E), a parameter that begins as the matrix given.
        embed_to_hidden_weight, embed_to_hidden_bias: (F E, H) and (H,).
        hidden_to_logits_weight, hidden_to_logits_bias: (H, C) and (C,).
        dropout: the layer that drops numbers of the hidden layer.
    """

    def __init__(
        self,
        embeddings: Any,
        n_features: int = 36,
        hidden_size: int = 200,
        n_classes: int = 3,
        dropout_prob: float = 0.5,
    ) -> None:
        """Question 2e. Make the network, with weights to begin with.

        Args:
            embeddings: an array of float32, (V, E).
            n_features: F.
            hidden_size: H.
            n_classes: C.
            dropout_prob: the probability with which a number of the hidden layer is dropped.
        """
        super().__init__()
        self.n_features = n_features
        self.hidden_size = hidden_size
        self.n_classes = n_classes
        self.dropout_prob = dropout_prob
        self.embed_size = embeddings.shape[1]
        self.embeddings = nn.Parameter(torch.tensor(embeddings))
        ### BEGIN SOLUTION 2e
        self.embed_to_hidden_weight = nn.Parameter(torch.empty(n_features * self.embed_size, hidden_size))
        self.embed_to_hidden_bias = nn.Parameter(torch.empty(hidden_size))
        self.hidden_to_logits_weight = nn.Parameter(torch.empty(hidden_size, n_classes))
        self.hidden_to_logits_bias = nn.Parameter(torch.empty(n_classes))
        nn.init.xavier_uniform_(self.embed_to_hidden_weight)
        nn.init.uniform_(self.embed_to_hidden_bias)
        nn.init.xavier_uniform_(self.hidden_to_logits_weight)
        nn.init.uniform_(self.hidden_to_logits_bias)
        self.dropout = nn.Dropout(dropout_prob)
        ### END SOLUTION

    def embedding_lookup(self, w: Tensor) -> Tensor:
        """Question 2e. Return the embeddings of the features of each partial parse, joined.

        Args:
            w: whole numbers, (B, F).

        Returns:
            (B, F E): the embedding of a row's first feature, then that of its second, and so on.
        """
        ### BEGIN SOLUTION 2e
        return self.embeddings[w].flatten(start_dim=1)
        ### END SOLUTION

    def forward(self, w: Tensor) -> Tensor:
        """Question 2e. Return the logits of the transitions, (B, C), for features w, (B, F).

        The loss, `nn.CrossEntropyLoss`, applies the softmax.
        """
        ### BEGIN SOLUTION 2e
        x = self.embedding_lookup(w)
        h = torch.relu(x @ self.embed_to_hidden_weight + self.embed_to_hidden_bias)
        return self.dropout(h) @ self.hidden_to_logits_weight + self.hidden_to_logits_bias
        ### END SOLUTION


if __name__ == "__main__":
    from utils.model_tests import run_parts

    run_parts(sys.modules[__name__], sys.argv[1:])
