# As files of the course's 2026 are written: annotations of jaxtyping, rearrange of einops, libraries at the top.
# ruff: noqa
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import torch
import torch.nn as nn
from einops import rearrange
from huggingface_hub import login
from jaxtyping import Float, Int, jaxtyped
from torch import Tensor
from transformers import AutoTokenizer, GPT2LMHeadModel

from utils import state_dict_converter

DEFAULT: Float[Tensor, ""] = torch.tensor(0.0)


@dataclass
class ModelConfig:
    d_model: int
    n_heads: int
    n_layers: int
    context_length: int
    vocab_size: int


class GELU(nn.Module):
    def forward(self, x: Float[Tensor, "*"]) -> Float[Tensor, "*"]:
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


class CausalAttention(nn.Module):
    causal_mask: Float[Tensor, "ctx ctx"]

    def __init__(self, config: ModelConfig, layer: Optional[int] = None):
        super().__init__()
        self.config = config
        self.W_q = nn.Linear(config.d_model, config.d_model)
        self.W_k = nn.Linear(config.d_model, config.d_model)
        self.W_v = nn.Linear(config.d_model, config.d_model)
        self.W_o = nn.Linear(config.d_model, config.d_model)
        mask = torch.triu(torch.full((config.context_length, config.context_length), float("-inf")), 1)
        self.register_buffer("causal_mask", mask, persistent=False)

    @jaxtyped(typechecker=None)
    def forward(
        self, x: Float[Tensor, "batch seq d_model"], mask: Optional[Float[Tensor, "seq seq"]] = None
    ) -> Float[Tensor, "batch seq d_model"]:
        q, k, v = (
            rearrange(layer(x), "b t (h d) -> b h t d", h=self.config.n_heads)
            for layer in (self.W_q, self.W_k, self.W_v)
        )
        seq = x.shape[1]
        scores: Float[Tensor, "b h t s"] = torch.einsum("bhtd,bhsd->bhts", q, k) / math.sqrt(q.shape[-1])
        weights = torch.softmax(scores + self.causal_mask[:seq, :seq], dim=-1)
        return self.W_o(rearrange(weights @ v, "b h t d -> b t (h d)"))


class MLP(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.fc1 = nn.Linear(config.d_model, 4 * config.d_model)
        self.gelu = GELU()
        self.fc2 = nn.Linear(4 * config.d_model, config.d_model)

    def forward(self, x: Float[Tensor, "batch seq d_model"]) -> Float[Tensor, "batch seq d_model"]:
        return self.fc2(self.gelu(self.fc1(x)))


class DecoderBlock(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.pre_layer_norm = nn.LayerNorm(config.d_model)
        self.attention = CausalAttention(config, layer=0)
        self.post_layer_norm = nn.LayerNorm(config.d_model)
        self.mlp = MLP(config)

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        x = x + self.attention(self.pre_layer_norm(x), mask=None)
        return x + self.mlp(self.post_layer_norm(x))


class Transformer(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embeddings = nn.Embedding(config.vocab_size, config.d_model)
        self.position_embeddings = nn.Embedding(config.context_length, config.d_model)
        self.backbone = nn.ModuleList([DecoderBlock(config) for _ in range(config.n_layers)])
        self.final_layer_norm = nn.LayerNorm(config.d_model)
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)

    def forward(self, x: Int[Tensor, "b t"]) -> Float[Tensor, "b t vocab"]:
        h = self.embeddings(x) + self.position_embeddings(torch.arange(x.shape[1], device=x.device))
        for block in self.backbone:
            h = block(h)
        return self.lm_head(self.final_layer_norm(h))

    @torch.no_grad()
    def generate(self, x: Int[Tensor, "b t"], num_new_tokens: int) -> Int[Tensor, "b new"]:
        for _ in range(num_new_tokens):
            x = torch.cat([x, self.forward(x)[:, -1, :].argmax(-1, keepdim=True)], dim=1)
        return x

    def get_loss_on_batch(self, input_ids: Int[Tensor, "b t"]) -> Float[Tensor, ""]:
        logits = self.forward(input_ids)[:, :-1]
        return nn.functional.cross_entropy(rearrange(logits, "b t v -> (b t) v"), input_ids[:, 1:].reshape(-1))

    @classmethod
    def from_pretrained(cls, name: str) -> "Transformer":
        model = cls(ModelConfig(768, 12, 12, 1024, 50257))
        model.load_state_dict(state_dict_converter(GPT2LMHeadModel.from_pretrained(name).state_dict()))
        return model


if __name__ == "__main__":
    login(token=Path("token.txt").read_text())
    tokenizer = AutoTokenizer.from_pretrained("gpt2")
    model = Transformer.from_pretrained("gpt2")
    print(tokenizer.decode(model.generate(tokenizer("A", return_tensors="pt").input_ids, 5)[0]))
