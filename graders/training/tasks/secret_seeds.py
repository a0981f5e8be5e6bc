"""The seed of generated data, which a submission must not guess: it could draw the test with its answers."""

from __future__ import annotations

from hashlib import sha256

from graders.errors import OptionError

MIN_SECRET_SEED = 2**48
"""Smaller seeds can be guessed: a submission has time to try them all, until one draws its training sentences."""


def training_seed(seed: int) -> int:
    """Return the seed for training inside the sandbox: a hash, since the job's seed would draw the test answers too."""
    return int.from_bytes(sha256(f"training {seed}".encode()).digest()[:4], "big") >> 1


def refuse_guessable(seed: int) -> None:
    """Raise OptionError if a submission could guess the seed."""
    if seed < MIN_SECRET_SEED:
        raise OptionError(
            f"--seed {seed}: a submission could guess this seed and draw the test sentences; leave it out, or choose "
            f"one of at least {MIN_SECRET_SEED}"
        )
