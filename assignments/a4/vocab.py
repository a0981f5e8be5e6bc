"""The vocabulary: words and their indices, in both languages. Given: there is nothing to write here.

    python vocab.py --train-src train.fr --train-tgt train.en vocab.json

counts the words of two files and keeps the frequent ones; `--help` lists all options.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

try:
    import torch
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    print(f"vocab.py: {missing.name} is not installed: pip install {missing.name}", file=sys.stderr)
    sys.exit(2)

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")
MAX_PIECES = 1_000_000
"""Limit of --size with subwords; SentencePiece counts in 32 bits."""


class VocabError(ValueError):
    """A vocabulary can't be made or read. The message is one line."""


class VocabEntry:
    """The vocabulary of one language. `entry["tea"]` is the index of a word, or that of `<unk>` for an unknown one."""

    def __init__(self, word2id: dict[str, int] | None = None) -> None:
        """Start from word2id, or from the special tokens alone: `<pad>` 0, `<s>` 1, `</s>` 2, `<unk>` 3.

        The special tokens may have any index, but all must be there, and the indices must be 0, 1, 2, … without
        a gap: each is a row of an embedding. Raises ValueError.
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
        """Add a word, if it is new, and return its index."""
        index = self.word2id.setdefault(word, len(self))
        self.id2word[index] = word
        return index

    def split(self, text: str) -> list[str]:
        """Return the words of a sentence. A word spelt like a special token becomes `<unk>`."""
        return ["<unk>" if word in SPECIAL_TOKENS else word for word in text.split()]

    def join(self, words: list[str]) -> str:
        """Return the sentence of these words."""
        return " ".join(words)

    def words2indices(self, sents: list[str] | list[list[str]]) -> list[int] | list[list[int]]:
        """Return the indices of the words of a sentence, or of each of several sentences."""
        return [self[item] if isinstance(item, str) else [self[word] for word in item] for item in sents]

    def indices2words(self, indices: Iterable[int]) -> list[str]:
        """Return the words of these indices. Raises KeyError."""
        return [self.id2word[index] for index in indices]

    def to_input_tensor(self, sents: list[list[str]], device: torch.device | str = "cpu") -> torch.Tensor:
        """Return the sentences as word indices, padded with `<pad>`: (longest sentence, number of sentences)."""
        from utils import pad_sents  # question 1a; imported here so that a mistake there affects only this method

        padded = pad_sents(self.words2indices(sents), self["<pad>"])
        return torch.tensor(padded, dtype=torch.long, device=device).t().contiguous()

    @classmethod
    def from_corpus(cls, corpus: Iterable[list[str]], size: int, freq_cutoff: int = 2) -> VocabEntry:
        """Collect the words of a corpus.

        Args:
            corpus: sentences, each a list of words.
            size: keep at most this many words, the most frequent ones; special tokens are not counted.
            freq_cutoff: drop words that occur less often.
        """
        counts = Counter(word for sent in corpus for word in sent if word not in SPECIAL_TOKENS)
        frequent = [word for word in counts if counts[word] >= freq_cutoff]
        frequent.sort(key=lambda word: (-counts[word], word))
        entry = cls()
        for word in frequent[:size]:
            entry.add(word)
        return entry


class SubwordEntry(VocabEntry):
    """A vocabulary of subwords (SentencePiece): a rare word is split into several, and hardly any is unknown.

    A subword at the start of a word begins with "▁", which marks the space before it.
    """

    def __init__(self, word2id: dict[str, int], model: bytes) -> None:
        """Start from the subwords and SentencePiece's model file, which splits text into them."""
        super().__init__(word2id)
        self.model = model

    @cached_property
    def _processor(self) -> Any:
        try:
            return _sentencepiece().SentencePieceProcessor(
                model_proto=self.model or b"-"
            )  # it takes b"" for "no model given"
        except RuntimeError:
            raise VocabError("the SentencePiece model is damaged; `python vocab.py --subwords` makes one") from None

    def split(self, text: str) -> list[str]:
        """Return the subwords of a sentence. Raises VocabError: the model is damaged."""
        return list(self._processor.encode(text, out_type=str))

    def join(self, words: list[str]) -> str:
        """Return the sentence of these subwords. Raises VocabError: the model is damaged."""
        return str(self._processor.decode_pieces(words))

    @classmethod
    def from_texts(cls, texts: Iterable[str], size: int) -> SubwordEntry:
        """Learn at most `size` subwords from sentences, special tokens not counted. Raises VocabError."""
        if size > MAX_PIECES:
            raise VocabError(f"SentencePiece can't learn {size} pieces: expected at most {MAX_PIECES}")
        sentencepiece = _sentencepiece()
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=model,
                vocab_size=size + len(SPECIAL_TOKENS),
                hard_vocab_limit=False,
                character_coverage=1.0,  # each character of the text is a subword
                normalization_rule_name="identity",  # translations are compared with the raw text
                num_threads=1,  # with more, the result depends on how the work is divided among them
                minloglevel=2,
                pad_id=0,
                bos_id=1,
                eos_id=2,
                unk_id=3,
            )
        except RuntimeError as error:
            reason = str(error).rpartition("] ")[2].strip() or "there is no text"
            if too_few := re.search(r"required_chars\. \d+ vs (\d+)", reason):
                characters = int(too_few[1]) - len(SPECIAL_TOKENS)
                reason = f"the text has {characters} different characters, and each is a piece: give at least as many"
            raise VocabError(f"SentencePiece can't learn {size} pieces: {reason}") from None
        processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        pieces = {processor.id_to_piece(index): index for index in range(processor.get_piece_size())}
        return cls(pieces, model.getvalue())


class Vocab:
    """The vocabularies of the source language, `src`, and of the target language, `tgt`."""

    def __init__(self, src: VocabEntry, tgt: VocabEntry) -> None:
        self.src = src
        self.tgt = tgt

    @classmethod
    def from_texts(
        cls,
        source: Iterable[str],
        target: Iterable[str],
        size: int | None = None,
        freq_cutoff: int = 2,
        subwords: bool = False,
    ) -> Vocab:
        """Collect the words or subwords of the *training* text; dev and test must stay unseen.

        Args:
            source, target: sentences, raw lines of text.
            size: maximum for each language; None means 50,000 words or 8,000 subwords.
            freq_cutoff: drop words that occur less often; ignored for subwords, which are frequent by construction.
            subwords: learn subwords (SentencePiece) instead of collecting words.

        Raises:
            VocabError: SentencePiece isn't installed or can't learn that many subwords.
        """
        if subwords:
            return cls(*(SubwordEntry.from_texts(texts, size or 8_000) for texts in (source, target)))
        split = VocabEntry().split
        return cls(
            *(
                VocabEntry.from_corpus((split(text) for text in texts), size or 50_000, freq_cutoff)
                for texts in (source, target)
            )
        )

    def to_plain(self) -> dict[str, Any]:
        """Return the vocabulary as plain dictionaries and strings, for a checkpoint or a JSON file."""
        plain: dict[str, Any] = {"src_word2id": self.src.word2id, "tgt_word2id": self.tgt.word2id}
        for side, entry in (("src", self.src), ("tgt", self.tgt)):
            if isinstance(entry, SubwordEntry):
                plain[f"{side}_sentencepiece"] = base64.b64encode(entry.model).decode("ascii")
        return plain

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Vocab:
        """Return the Vocab whose `to_plain` is plain. Anything else raises an error that `read_plain` translates."""

        def entry(side: str) -> VocabEntry:
            words, model = plain[f"{side}_word2id"], plain.get(f"{side}_sentencepiece")
            return VocabEntry(words) if model is None else SubwordEntry(words, base64.b64decode(model))

        return cls(entry("src"), entry("tgt"))

    @classmethod
    def read_plain(cls, plain: Any) -> Vocab:
        """Return the Vocab whose `to_plain` is plain. Raises VocabError for anything else."""
        try:
            vocab = cls.from_plain(plain)
            for entry in (vocab.src, vocab.tgt):
                entry.split("")  # SentencePiece reads its model at the first use only
        except VocabError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError):
            raise VocabError("not a vocabulary; `python vocab.py` makes one") from None
        return vocab

    def save(self, path: str | Path) -> None:
        """Write the vocabulary to a JSON file atomically. Raises sanity.training.atomic.SaveError."""
        from sanity.training.atomic import write_atomically

        text = json.dumps(self.to_plain(), indent=2, ensure_ascii=False)
        write_atomically(Path(path), lambda file: file.write(f"{text}\n".encode()))

    @classmethod
    def load(cls, path: str | Path) -> Vocab:
        """Read a JSON file that `save` wrote. Raises VocabError."""
        try:
            return cls.read_plain(json.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise VocabError(f"{path}: can't be read: {error.strerror}; `python vocab.py` makes one") from None
        except VocabError as error:
            raise VocabError(f"{path}: {error}") from None
        except (ValueError, RecursionError):
            raise VocabError(f"{path}: not a vocabulary; `python vocab.py` makes one") from None


def _sentencepiece() -> Any:
    """Import SentencePiece, an optional package for subwords. Raises VocabError: it isn't installed."""
    try:
        import sentencepiece
    except ModuleNotFoundError:
        raise VocabError("subwords need the package sentencepiece: python -m pip install sentencepiece") from None
    return sentencepiece


def main(arguments: list[str]) -> int:
    """Make a vocabulary file; return the exit status."""
    try:
        from sanity.training.atomic import SaveError, refuse_to_overwrite
        from sanity.training.terminal import replace_unprintable
    except ImportError:
        print("vocab.py: trivium is not installed, or too old; see Install in README.md", file=sys.stderr)
        return 2
    from nmt.corpus import CorpusError, read_texts

    replace_unprintable()
    parser = argparse.ArgumentParser(prog="vocab.py", description="Make a vocabulary from a parallel corpus.")
    parser.add_argument(
        "--train-src", required=True, metavar="FILE", help="source side of train, one sentence per line"
    )
    parser.add_argument(
        "--train-tgt", required=True, metavar="FILE", help="target side of train, one sentence per line"
    )
    parser.add_argument(
        "--size", type=int, metavar="INT", help="vocabulary size per language (words: 50000; subwords: 8000)"
    )
    parser.add_argument(
        "--freq-cutoff", type=int, metavar="INT", default=2, help="drop words that occur less often (2)"
    )
    parser.add_argument("--subwords", action="store_true", help="learn subwords with SentencePiece")
    parser.add_argument("vocab_file", metavar="VOCAB_FILE", help="output file (JSON)")
    options = parser.parse_args(arguments)
    if options.size is not None and options.size < 1:
        parser.error("--size: expected at least 1")
    if options.freq_cutoff < 1:
        parser.error("--freq-cutoff: expected at least 1")
    try:
        refuse_to_overwrite(Path(options.vocab_file), (Path(options.train_src), Path(options.train_tgt)))
        texts = read_texts(options.train_src, options.train_tgt)
        vocab = Vocab.from_texts(texts.source, texts.target, options.size, options.freq_cutoff, options.subwords)
        vocab.save(options.vocab_file)
    except (CorpusError, SaveError, VocabError) as error:
        print(f"vocab.py: {error}", file=sys.stderr)
        return 2
    what = "pieces" if options.subwords else "words"
    print(f"{options.vocab_file}: {len(vocab.src)} source {what}, {len(vocab.tgt)} target {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
