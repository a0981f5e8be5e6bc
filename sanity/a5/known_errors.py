"""Known errors of assignment 5: exceptions with a likely cause, and a hint for each."""

from __future__ import annotations

from sanity.core.known_errors import Known

# Named in hints, which repeat nothing else of an error's text: that may be the submission's own words.
LAYERS = (
    "W_q|W_k|W_v|W_o|fc1|fc2|pre_layer_norm|post_layer_norm|attention|mlp|"
    "embeddings|position_embeddings|backbone|final_layer_norm|lm_head"
)
PARTS = "query|key|value|proj|out|tokens|first|second|norm1|norm2|norm3"

KNOWN: Known = (
    # Part 4: model_solution.py
    (
        rf"AttributeError: the model has no (?:part )?(?:backbone\.\d+\.)?(?:attention\.|mlp\.)?({LAYERS})",
        "the layer {0} is missing or lacks a weight: the docstring of its class lists the attributes",
    ),
    (
        rf"ValueError: (?:backbone\.\d+\.)?(?:attention\.|mlp\.)?({LAYERS})\.\w+ has shape \(.*, expected \(",
        "the layer {0} has another size than the docstring of its class says",
    ),
    (r"ValueError: the backbone has another number of blocks", "make n_layers blocks, in an nn.ModuleList"),
    # Part 4: attention.py, dataset.py, transformer.py
    (
        rf"AttributeError: the layer has no (?:\w+\.)?({PARTS}), or it has no",
        "the layer {0} is missing or lacks a weight: the docstring of its class lists the attributes",
    ),
    (
        rf"ValueError: the (?:weight|bias) of (?:\w+\.)?({PARTS}) has another shape",
        "the layer {0} has another size than the docstring of its class says",
    ),
)
