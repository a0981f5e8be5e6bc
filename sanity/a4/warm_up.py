"""What runs once in the zygote, so that workers start warm."""

from __future__ import annotations


def warm_up() -> None:
    """Run every kind of layer once, forwards and backwards: torch prepares its kernels at the first call."""
    import torch

    import sanity.a4.beside.model
    import sanity.a4.beside.stand_in  # noqa: F401

    x = torch.ones(2, 3, 4)
    convolved = torch.nn.Conv1d(3, 3, 2, padding="same")(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(convolved, [2, 2, 1])
    encoded, (h, c) = torch.nn.LSTM(4, 4, bidirectional=True)(packed)
    unpacked, _ = torch.nn.utils.rnn.pad_packed_sequence(encoded, batch_first=True)
    h, c = torch.nn.LSTMCell(8, 4)(unpacked[:, 0], (h[0], c[0]))
    scores = torch.bmm(unpacked, torch.cat((h, c), dim=1).unsqueeze(2)).squeeze(2).masked_fill(h[:, :2] > 2, -1)
    torch.nn.Dropout()(torch.tanh(torch.softmax(scores, dim=1))).sum().backward()
