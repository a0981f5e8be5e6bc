"""Assignment 5, questions 5c to 5e: masked language modelling, transfer to another task, and exposure bias.

Shapes are written with these letters: B sequences in a batch, T tokens in each, C numbers for each token, V tokens in
the vocabulary, L layers.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

IGNORED = -100
"""The label where nothing is to be predicted."""


def mask_tokens(
    tokens: Tensor, vocab_size: int, mask: int, special: Sequence[int], generator: torch.Generator, p: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Question 5c. Return what a masked language model reads, and what it has to say.

    Each token that isn't special is chosen with probability p, independently of the others. Of those chosen

    * 80 % become the mask,
    * 10 % become a random token of the vocabulary that isn't special, each equally likely, also the one that is there,
    * 10 % stay as they are. Which of the three happens is drawn for each of them.

    Args:
        tokens: whole numbers from 0 to vocab_size - 1, (B, T). They aren't changed.
        vocab_size: V.
        mask: the number of the mask.
        special: the numbers of tokens that are never chosen and never drawn; the mask is one of them.
        generator: all randomness comes from it.
        p: the share that is chosen.

    Returns:
        The tokens to read, and the labels: the token that was there where one was chosen, IGNORED elsewhere. Both are
        whole numbers, (B, T).
    """
    ### BEGIN SOLUTION 5c
    ordinary = torch.tensor([token for token in range(vocab_size) if token not in special])
    chosen = (torch.rand(tokens.shape, generator=generator) < p) & torch.isin(tokens, ordinary)
    fate = torch.rand(tokens.shape, generator=generator)
    drawn = ordinary[torch.randint(len(ordinary), tokens.shape, generator=generator)]
    inputs = torch.where(chosen & (fate < 0.8), torch.full_like(tokens, mask), tokens)
    inputs = torch.where(chosen & (fate >= 0.9), drawn, inputs)
    return inputs, torch.where(chosen, tokens, torch.full_like(tokens, IGNORED))
    ### END SOLUTION


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Question 5c. Return the mean cross-entropy where a token was chosen; 0 if none was.

    Args:
        logits: (B, T, V).
        labels: (B, T); IGNORED where no token was chosen.

    Returns:
        One number, with a graph behind it.
    """
    ### BEGIN SOLUTION 5c
    chosen = labels != IGNORED
    if not chosen.any():
        return logits.sum() * 0
    return F.cross_entropy(logits[chosen], labels[chosen])
    ### END SOLUTION


def fine_tune(
    body: nn.Module, head: nn.Module, inputs: Tensor, targets: Tensor, head_steps: int, all_steps: int, lr: float
) -> list[float]:
    """Question 5d. Train a new head on a pretrained body: first the head alone, then both.

    In each step all inputs are read at once, the loss is the mean cross-entropy of head(body(inputs)), and the weights
    move against its gradient by gradient descent with the learning rate lr, without momentum and weight decay.

    In the first head_steps steps nothing in the body changes: neither its weights, nor what a layer such as BatchNorm
    keeps, so the body is in evaluation mode. In the all_steps steps after that, both are in training mode and learn.
    In the end every parameter that required a gradient does so again.

    Args:
        body: pretrained; of inputs it makes (B, C).
        head: of that it makes logits, (B, V).
        inputs: for the body.
        targets: whole numbers, (B,).
        head_steps: steps in which the head learns alone.
        all_steps: steps after that.
        lr: the learning rate.

    Returns:
        The loss before each step, head_steps + all_steps numbers.
    """
    ### BEGIN SOLUTION 5d
    losses = []
    trained = [weights for weights in body.parameters() if weights.requires_grad]
    for step in range(head_steps + all_steps):
        frozen = step < head_steps
        body.train(not frozen)
        head.train()
        for weights in trained:
            weights.requires_grad_(not frozen)
        loss = F.cross_entropy(head(body(inputs)), targets)
        learning = [w for part in (body, head) for w in part.parameters() if w.requires_grad]
        gradients = torch.autograd.grad(loss, learning, allow_unused=True)
        with torch.no_grad():
            for weights, gradient in zip(learning, gradients, strict=True):
                if gradient is not None:
                    weights -= lr * gradient
        losses.append(loss.item())
    for weights in trained:
        weights.requires_grad_(True)
    return losses
    ### END SOLUTION


def mix_layers(layers: Tensor, scores: Tensor, gamma: Tensor) -> Tensor:
    """Question 5d. Return ELMo's weighted sum of layers: gamma times the sum of softmax(scores)_l times layer l.

    Args:
        layers: what each layer of a pretrained model made of the tokens, (L, B, T, C).
        scores: one number for each layer, (L,), learnt with the task.
        gamma: one number, (), learnt too.

    Returns:
        (B, T, C).
    """
    ### BEGIN SOLUTION 5d
    weights = torch.softmax(scores, dim=0)
    return gamma * torch.einsum("l,lbtc->btc", weights, layers)
    ### END SOLUTION


def exposure_errors(model: Callable[[Tensor], Tensor], prompts: Tensor, answers: Tensor) -> tuple[Tensor, Tensor]:
    """Question 5e. Return how often a model errs at each place of an answer, teacher-forced and free-running.

    Teacher-forced, it reads the prompt and the right tokens of the answer before the place, as in training. Running
    free, it reads the prompt and what it has said itself. It says the token with the highest logit.

    Args:
        model: of tokens, whole numbers (B, T), it makes logits for the token after each, (B, T, V); causal.
        prompts: (B, P), P at least 1.
        answers: the right ones, (B, A).

    Returns:
        Two shares of wrong tokens by place, each (A,), floating-point numbers.
    """
    ### BEGIN SOLUTION 5e
    P, A = prompts.size(1), answers.size(1)
    with torch.no_grad():
        forced = model(torch.cat((prompts, answers), dim=1))[:, P - 1 : -1].argmax(dim=-1)
        tokens = prompts
        for _ in range(A):
            said = model(tokens)[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat((tokens, said), dim=1)
    free = tokens[:, P:]
    return (forced != answers).double().mean(dim=0), (free != answers).double().mean(dim=0)
    ### END SOLUTION
