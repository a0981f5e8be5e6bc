"""Words and their indices, in both languages. Given: there is nothing to write here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import torch

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")


class VocabEntry:
    """The words of one language. `entry["tea"]` is the word's index, or that of `<unk>` if it isn't known."""

    def __init__(self, word2id: dict[str, int] | None = None) -> None:
        """Start from word2id, or from the special tokens alone: `<pad>` 0, `<s>` 1, `</s>` 2, `<unk>` 3.

        The special tokens may have any index, but all must be there, and the indices must be 0, 1, 2, … without
        a gap: each is a row of an embedding. Otherwise raises ValueError.
        """
        if word2id is None:
            word2id = {token: index for index, token in enumerate(SPECIAL_TOKENS)}
        missing = [token for token in SPECIAL_TOKENS if token not in word2id]
        if missing:
            raise ValueError(f"word2id lacks {', '.join(missing)}")
        if sorted(word2id.values()) != list(range(len(word2id))):
            raise ValueError(f"word2id must have each index from 0 to {len(word2id) - 1} once")
        self.word2id = dict(word2id)
        self.id2word = {index: word for word, index in word2id.items()}
        self.unk_id = word2id["<unk>"]

    def __getitem__(self, word: str) -> int:
        return self.word2id.get(word, self.unk_id)

    def __contains__(self, word: str) -> bool:
        return word in self.word2id

    def __len__(self) -> int:
        return len(self.word2id)

    def add(self, word: str) -> int:
        """Make word known, if it isn't, and return its index."""
        index = self.word2id.setdefault(word, len(self))
        self.id2word[index] = word
        return index

    def words2indices(self, sents: list[str] | list[list[str]]) -> list[int] | list[list[int]]:
        """Return the indices of the words of a sentence, or of each of several sentences."""
        return [self[item] if isinstance(item, str) else [self[word] for word in item] for item in sents]

    def indices2words(self, indices: Iterable[int]) -> list[str]:
        """Return the words that have these indices."""
        return [self.id2word[index] for index in indices]

    def to_input_tensor(self, sents: list[list[str]], device: torch.device | str = "cpu") -> torch.Tensor:
        """Return the sentences as word indices, padded with `<pad>`: (longest sentence, number of sentences)."""
        from utils import pad_sents  # question 1a: imported here, so that a mistake there stops only this method

        padded = pad_sents(self.words2indices(sents), self["<pad>"])
        return torch.tensor(padded, dtype=torch.long, device=device).t().contiguous()

    @classmethod
    def from_corpus(cls, corpus: Iterable[list[str]], size: int, freq_cutoff: int = 2) -> VocabEntry:
        """Collect the words of a corpus.

        Args:
            corpus: sentences, each a list of words.
            size: keep at most this many words, the most frequent ones; special tokens are not counted.
            freq_cutoff: leave out words that occur less often.
        """
        counts = Counter(word for sent in corpus for word in sent if word not in SPECIAL_TOKENS)
        frequent = [word for word in counts if counts[word] >= freq_cutoff]
        frequent.sort(key=lambda word: (-counts[word], word))
        entry = cls()
        for word in frequent[:size]:
            entry.add(word)
        return entry


class Vocab:
    """The words of the source language, `src`, and of the target language, `tgt`."""

    def __init__(self, src: VocabEntry, tgt: VocabEntry) -> None:
        self.src = src
        self.tgt = tgt

    def to_plain(self) -> dict[str, dict[str, int]]:
        """Return the same as plain dictionaries, for a checkpoint or a JSON file."""
        return {"src_word2id": self.src.word2id, "tgt_word2id": self.tgt.word2id}

    @classmethod
    def from_plain(cls, plain: dict[str, dict[str, int]]) -> Vocab:
        """Return the Vocab that `to_plain` turned into plain."""
        return cls(VocabEntry(plain["src_word2id"]), VocabEntry(plain["tgt_word2id"]))

    def save(self, path: str | Path) -> None:
        """Write the words to a JSON file."""
        text = json.dumps(self.to_plain(), indent=2, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Vocab:
        """Read a JSON file that `save` wrote."""
        return cls.from_plain(json.loads(Path(path).read_text(encoding="utf-8")))
