"""Assignment 5, questions 4a to 4f: a transformer that continues text, made of its parts.

Shapes are written with these letters: B sequences in a batch, T tokens in each, C numbers for each token (d_model),
V tokens in the vocabulary.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class ModelConfig:
    """The sizes of a model; those that are the default are GPT-2's."""

    d_model: int = 768
    """C, a multiple of n_heads."""
    n_heads: int = 12
    n_layers: int = 12
    """How many blocks there are, one after the other."""
    context_length: int = 1024
    """The most tokens that the model can read: it has as many positions."""
    vocab_size: int = 50257


def initialise(module: nn.Module) -> None:
    """Let a layer's weight begin small and random, and its bias zero, as GPT-2's do."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


class GELU(nn.Module):
    """A smooth ReLU: x times the probability that a standard normal number is below x."""

    def forward(self, x: Tensor) -> Tensor:
        """Question 4a. Return GELU of every number of x, in the shape of x.

        The exact function and GPT-2's approximation with a tanh are both right.
        """
        # Question 4a: your code starts here.
        raise NotImplementedError("4a: not implemented yet")
        # Question 4a: your code ends here.


class MLP(nn.Module):
    """Two layers with GELU between them, applied to each token alone.

    Attributes:
        fc1: a linear layer from C numbers to 4 C, with a bias.
        fc2: a linear layer from 4 C numbers to C, with a bias.
    """

    def __init__(self, config: ModelConfig) -> None:
        """Question 4a. Make the layers."""
        super().__init__()
        # Question 4a: your code starts here.
        raise NotImplementedError("4a: not implemented yet")
        # Question 4a: your code ends here.

    def forward(self, x: Tensor) -> Tensor:
        """Question 4a. Return what the layers make of x, (B, T, C), in the same shape."""
        # Question 4a: your code starts here.
        raise NotImplementedError("4a: not implemented yet")
        # Question 4a: your code ends here.


class CausalAttention(nn.Module):
    """Self-attention with several heads, in which no position sees a later one.

    Attributes:
        W_q, W_k, W_v: linear layers from C numbers to C, with a bias: queries, keys and values of all heads, those of
            the first head first.
        W_o: a linear layer from C numbers to C, with a bias, for what the heads return, joined in the same order.
    """

    def __init__(self, config: ModelConfig) -> None:
        """Question 4b. Make the layers. A mask, if you keep one, is no weight: register_buffer(…, persistent=False)."""
        super().__init__()
        # Question 4b: your code starts here.
        raise NotImplementedError("4b: not implemented yet")
        # Question 4b: your code ends here.

    def forward(self, x: Tensor) -> Tensor:
        """Question 4b. Return what the positions of x, (B, T, C), attend to, in the same shape."""
        # Question 4b: your code starts here.
        raise NotImplementedError("4b: not implemented yet")
        # Question 4b: your code ends here.


class DecoderBlock(nn.Module):
    """Attention and an MLP, each of what a layer norm makes of its input, and each added to its input.

    Attributes:
        attention: a CausalAttention.
        mlp: an MLP.
        pre_layer_norm: the layer norm before the attention.
        post_layer_norm: the layer norm after it, before the MLP.
    """

    def __init__(self, config: ModelConfig) -> None:
        """Question 4c. Make the parts."""
        super().__init__()
        # Question 4c: your code starts here.
        raise NotImplementedError("4c: not implemented yet")
        # Question 4c: your code ends here.

    def forward(self, x: Tensor) -> Tensor:
        """Question 4c. Return what the block makes of x, (B, T, C), in the same shape."""
        # Question 4c: your code starts here.
        raise NotImplementedError("4c: not implemented yet")
        # Question 4c: your code ends here.


class Transformer(nn.Module):
    """A language model: embeddings of tokens and positions, blocks, a last layer norm, and logits.

    Attributes:
        config: the sizes.
        embeddings: an nn.Embedding with C numbers for each token.
        position_embeddings: an nn.Embedding with C numbers for each position, of which there are context_length.
        backbone: an nn.ModuleList of n_layers DecoderBlocks.
        final_layer_norm: the layer norm after the last block.
        lm_head: a linear layer from C numbers to V logits, without a bias.
    """

    def __init__(self, config: ModelConfig) -> None:
        """Question 4d. Make the parts."""
        super().__init__()
        self.config = config
        # Question 4d: your code starts here.
        raise NotImplementedError("4d: not implemented yet")
        # Question 4d: your code ends here.
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Question 4d. Return for each position the logits of the token after it.

        Args:
            x: tokens, whole numbers (B, T); T is at most context_length.

        Returns:
            (B, T, V).
        """
        # Question 4d: your code starts here.
        raise NotImplementedError("4d: not implemented yet")
        # Question 4d: your code ends here.

    def generate(self, x: Tensor, num_new_tokens: int) -> Tensor:
        """Question 4e. Continue each sequence with the likeliest token, again and again.

        Args:
            x: tokens, whole numbers (B, T).
            num_new_tokens: how many to add, 0 or more; T + num_new_tokens is at most context_length.

        Returns:
            Whole numbers, (B, T + num_new_tokens): x, and what follows.
        """
        # Question 4e: your code starts here.
        raise NotImplementedError("4e: not implemented yet")
        # Question 4e: your code ends here.

    def get_loss_on_batch(self, input_ids: Tensor) -> Tensor:
        """Question 4f. Return the mean cross-entropy of predicting each token but the first from those before it.

        Args:
            input_ids: tokens, whole numbers (B, T); T is at least 2 and at most context_length.

        Returns:
            One number, with a graph behind it.
        """
        # Question 4f: your code starts here.
        raise NotImplementedError("4f: not implemented yet")
        # Question 4f: your code ends here.
