"""Known errors of assignment 3: exceptions with a cause that is likely in a parser, and a hint for each."""

from __future__ import annotations

from sanity.core.known_errors import Known

ROLES = {
    "embeddings": "the embeddings",
    "W": "the weight from embeddings to the hidden layer",
    "b": "the hidden layer's bias",
    "U": "the weight from the hidden layer to the logits",
    "c": "the bias of the logits",
}

KNOWN: Known = (
    *(
        (
            rf"AttributeError: the model has no parameter of the shape of {role}$",
            f"the model has nothing of the right shape for {what}: are the sizes those given to it?",
        )
        for role, what in ROLES.items()
    ),
    (
        r"ValueError: the model has two parameters of the shape of (\w+)$",
        "the model has more parameters than question 2e asks for",
    ),
    (r"IndexError: pop from empty list", "a transition takes a word from a list that is empty: is it a legal one?"),
)
