"""Known errors of assignment 4: exceptions with a cause that is likely in this model, and a hint for each."""

from __future__ import annotations

from sanity.core.known_errors import Known

# Named in hints, which repeat nothing else of an error's text: that may be the submission's own words.
LAYERS = (
    "source|target|post_embed_cnn|encoder|decoder|h_projection|c_projection|att_projection|"
    "combined_output_projection|target_vocab_projection"
)

KNOWN: Known = (
    (
        r"masked_fill.*(?:only supports boolean|expected.*bool)",
        "torch masks are boolean now: write enc_masks.bool(), not enc_masks.byte()",
    ),
    (
        r"mask\w*'?.*NoneType|unary ~: 'NoneType'|'NoneType' object has no attribute '(?:bool|byte|eq|logical_not)'",
        "enc_masks may be None: then no source word is padding",
    ),
    (
        r"Length of all samples has to be greater than 0",
        "a sentence of length 0 cannot be packed: are the lengths right?",
    ),
    (
        r"'lengths' argument should be a 1D CPU int64 tensor",
        "pack_padded_sequence takes the lengths as a list or a CPU tensor",
    ),
    (
        r"`len\(lengths\)` to be equal to batch_size",
        "pack_padded_sequence takes (src_len, b, e), unless batch_first=True",
    ),
    (r"lengths.*(?:sorted|decreasing)", "sentences must be sorted, longest first, or pass enforce_sorted=False"),
    (
        r"Expected size for first two dimensions of batch2 tensor",
        "bmm takes (b, n, m) and (b, m, p): is an unsqueeze missing?",
    ),
    (
        r"batch[12] must be a 3D tensor",
        "bmm takes 3-D tensors: is an unsqueeze missing, or did squeeze() remove too much?",
    ),
    (
        r"mat1 and mat2 shapes cannot be multiplied",
        "the last axis does not fit the layer's in_features: check the concatenation",
    ),
    (
        r"weight should have.*channels|expected input\[.*\] to have \d+ channels",
        "Conv1d takes (b, e, src_len): permute before and after",
    ),
    (r"Kernel size can't be greater than actual input size", "the convolution needs padding to keep the length"),
    (
        rf"AttributeError: the model has no (?:model_embeddings\.)?({LAYERS})",
        "the layer {0} of the model is missing or lacks a weight: see question 1c",
    ),
    (
        rf"ValueError: (?:model_embeddings\.)?({LAYERS})\.\w+ has shape \(.*, expected \(",
        "the layer {0} of the model has another size: see question 1c",
    ),
    (
        r"AttributeError: 'ModelEmbeddings' object has no attribute '(source|target)'",
        "ModelEmbeddings has no attribute {0}: question 1b asks for it",
    ),
    (
        rf"AttributeError: 'NMT' object has no attribute '({LAYERS}|model_embeddings|dropout)'",
        "NMT has no attribute {0}: question 1c asks for it",
    ),
    (
        r"index out of range in self",
        "a word has an index beyond the last row: is this the embedding of the other language?",
    ),
    (r"stack expects a non-empty TensorList", "decode() took no step at all: is one word too many left out?"),
    (
        r"Torch not compiled with CUDA|No CUDA GPUs|Found no NVIDIA driver",
        "this machine has no GPU: write .to(self.device), not .cuda()",
    ),
)
