"""Assignment 4, questions 1c to 1f: a translation model with attention.

A bidirectional LSTM reads the source sentence, an LSTM cell writes the target sentence one word at a time,
and at each step multiplicative attention (Luong et al. 2015) lets the decoder look back at the source.

Shapes are written with these letters: b sentences in the batch, e embed_size, h hidden_size, src_len and
tgt_len the number of words of the longest source and target sentence.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from model_embeddings import ModelEmbeddings
from vocab import Vocab

if TYPE_CHECKING:
    from nmt.search import Hypothesis

DecoderState = tuple[Tensor, Tensor]


class NMT(nn.Module):
    """Neural machine translation: bidirectional LSTM encoder, LSTM decoder, multiplicative attention."""

    def __init__(self, embed_size: int, hidden_size: int, vocab: Vocab, dropout_rate: float = 0.2) -> None:
        """Question 1c. Make the layers.

        Args:
            embed_size: e, the length of a word's vector.
            hidden_size: h, the length of a hidden state, in each direction of the encoder and in the decoder.
            vocab: the words of both languages.
            dropout_rate: the probability with which dropout sets an entry of the combined output to zero.

        The layers, by name (the README derives each size):
            post_embed_cnn: Conv1d over the source embeddings, kernel 2, e channels in and out, "same" padding.
            encoder: bidirectional LSTM, e in, h out in each direction, with bias.
            decoder: LSTMCell, e + h in, h out, with bias.
            h_projection, c_projection: Linear, 2h in, h out, no bias.
            att_projection: Linear, 2h in, h out, no bias.
            combined_output_projection: Linear, 3h in, h out, no bias.
            target_vocab_projection: Linear, h in, as many out as there are target words, no bias.
            dropout: Dropout with dropout_rate.
        """
        super().__init__()
        self.model_embeddings = ModelEmbeddings(embed_size, vocab)
        self.embed_size = embed_size
        self.hidden_size = hidden_size
        self.dropout_rate = dropout_rate
        self.vocab = vocab
        # Question 1c: your code starts here.
        raise NotImplementedError("1c: not implemented yet")
        # Question 1c: your code ends here.

    def forward(self, source: list[list[str]], target: list[list[str]]) -> Tensor:
        """Return the log-likelihood of each target sentence given its source sentence, shape (b,).

        Args:
            source: the source sentences, longest first.
            target: their translations, each starting with <s> and ending with </s>.
        """
        from nmt.losses import sentence_log_likelihoods

        source_lengths = [len(sentence) for sentence in source]
        source_padded = self.vocab.src.to_input_tensor(source, device=self.device)  # (src_len, b)
        target_padded = self.vocab.tgt.to_input_tensor(target, device=self.device)  # (tgt_len, b)
        return sentence_log_likelihoods(self, source_padded, source_lengths, target_padded)

    def encode(self, source_padded: Tensor, source_lengths: list[int]) -> tuple[Tensor, DecoderState]:
        """Question 1d. Read the source sentences.

        Args:
            source_padded: word indices, (src_len, b), sentences longest first, padded with vocab.src["<pad>"].
            source_lengths: the number of words of each sentence, padding not counted.

        Returns:
            enc_hiddens: the hidden states, (b, src_len, 2h), forward direction first; zero on the padding.
            dec_init_state: the decoder's first state, a pair of (b, h): the final hidden states and the final
                cell states of the encoder, forward direction first, each through its own projection.

        Embed the words, let the convolution mix neighbours (it wants (b, e, src_len)), pack, run the LSTM, unpack.
        """
        # Question 1d: your code starts here.
        raise NotImplementedError("1d: not implemented yet")
        # Question 1d: your code ends here.

    def decode(
        self, enc_hiddens: Tensor, enc_masks: Tensor | None, dec_init_state: DecoderState, target_padded: Tensor
    ) -> Tensor:
        """Question 1e. Run the decoder over the target sentences, one word a step.

        Args:
            enc_hiddens: the encoder's hidden states, (b, src_len, 2h).
            enc_masks: 1 where the source is padding, else 0, (b, src_len), or None.
            dec_init_state: the decoder's first state, a pair of (b, h).
            target_padded: word indices, (tgt_len, b); the last word is never an input.

        Returns:
            combined_outputs: the combined output of each step, (tgt_len - 1, b, h).

        At each step call `self.step` with the word's embedding joined to the combined output of the step before
        (zeros at first): Ybar_t = [Y_t ; o_prev], (b, e + h).
        """
        # Question 1e: your code starts here.
        raise NotImplementedError("1e: not implemented yet")
        # Question 1e: your code ends here.

    def step(
        self,
        Ybar_t: Tensor,
        dec_state: DecoderState,
        enc_hiddens: Tensor,
        enc_hiddens_proj: Tensor,
        enc_masks: Tensor | None,
    ) -> tuple[DecoderState, Tensor, Tensor]:
        """Question 1f. One step of the decoder, with attention over the source.

        Args:
            Ybar_t: the input, (b, e + h).
            dec_state: the state after the step before, a pair of (b, h).
            enc_hiddens: the encoder's hidden states, (b, src_len, 2h).
            enc_hiddens_proj: the same through att_projection, (b, src_len, h).
            enc_masks: 1 where the source is padding, else 0, (b, src_len), or None for no padding.

        Returns:
            dec_state: the state after this step, a pair of (b, h).
            combined_output: O_t, (b, h).
            e_t: the attention scores, (b, src_len), minus infinity on the padding.

        e_t = enc_hiddens_proj · h_dec, masked; alpha_t = softmax(e_t); a_t = the sum of enc_hiddens weighted by
        alpha_t; U_t = [a_t ; h_dec]; V_t = combined_output_projection(U_t); O_t = dropout(tanh(V_t)).
        """
        # Question 1f: your code starts here.
        raise NotImplementedError("1f: not implemented yet")
        # Question 1f: your code ends here.
        return dec_state, combined_output, e_t

    def beam_search(
        self, src_sent: list[str], beam_size: int = 5, max_decoding_time_step: int = 70
    ) -> "list[Hypothesis]":
        """Translate a sentence, given and returned as words; return what was found, the most likely first.

        Args:
            src_sent: the words of the source sentence.
            beam_size: how many translations are pursued at a time, and how many are returned at most.
            max_decoding_time_step: how many words a translation has at most.
        """
        from nmt.search import beam_search

        return beam_search(self, [src_sent], beam_size, max_decoding_time_step)[0]

    def generate_sent_masks(self, enc_hiddens: Tensor, source_lengths: list[int]) -> Tensor:
        """Return 1 where the source is padding and 0 where it is a word, (b, src_len), on enc_hiddens' device."""
        position = torch.arange(enc_hiddens.size(1), device=enc_hiddens.device)
        lengths = torch.tensor(source_lengths, device=enc_hiddens.device)
        return (position >= lengths.unsqueeze(1)).to(enc_hiddens.dtype)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model_embeddings.source.weight.device

    def save(self, path: str | Path) -> None:
        """Write the weights, the sizes and the words: plain data that loads without running code."""
        sizes = {"embed_size": self.embed_size, "hidden_size": self.hidden_size, "dropout_rate": self.dropout_rate}
        torch.save({"sizes": sizes, "vocab": self.vocab.to_plain(), "weights": self.state_dict()}, path)

    @classmethod
    def load(cls, path: str | Path) -> "NMT":
        """Read a model that `save` wrote, onto the CPU."""
        saved = torch.load(path, map_location="cpu", weights_only=True)
        model = cls(vocab=Vocab.from_plain(saved["vocab"]), **saved["sizes"])
        model.load_state_dict(saved["weights"])
        return model
