"""Assignment 3's scaffold: treebanks in CoNLL-U, read and written, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanity.parsing.toy import to_conllu, toy_treebank

A3 = Callable[[str], ModuleType]

CONLLU = """\
# text = Rain's here
1-2\tRain's\t_\t_\t_\t_\t_\t_\t_\t_
1\tRain\train\tNOUN\tNN\tNumber=Sing\t3\tnsubj\t3:nsubj\t_
2\t's\tbe\tAUX\t_\t_\t3\tcop\t_\t_
2.1\tnow\tnow\tADV\t_\t_\t_\t_\t3:advmod\t_
3\there\there\tADV\t_\t_\t0\troot\t_\tSpaceAfter=No

"""


def test_words_are_read_and_ranges_and_empty_nodes_are_not(a3: A3, tmp_path: Path) -> None:
    (tmp_path / "one.conllu").write_text(CONLLU)
    [sentence] = a3("parsing.treebank").read_conllu(tmp_path / "one.conllu")
    assert sentence == (("Rain", "'s", "here"), ("NOUN", "AUX", "ADV"), (3, 3, 0), ("nsubj", "cop", "root"))


def test_a_parse_leaves_all_else_as_it_was(a3: A3, tmp_path: Path) -> None:
    treebank = a3("parsing.treebank")
    (tmp_path / "one.conllu").write_text(CONLLU)
    [tokens] = treebank.read_tokens(tmp_path / "one.conllu")
    written = treebank.with_parse(tokens, treebank.Parse([2, 0, 2], ["a", "root", "b"])).serialize()
    expected = CONLLU.replace("3\tnsubj\t3:nsubj", "2\ta\t_").replace("3\tcop", "0\troot").replace("3:advmod", "_")
    assert written == expected.replace("_\t0\troot\t_\tSpaceAfter", "_\t2\tb\t_\tSpaceAfter")


@given(seed=st.integers(0, 2**32))
def test_a_treebank_is_the_same_after_a_round_trip(a3: A3, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    path = tmp_path_factory.mktemp("round") / "toy.conllu"
    trees, _, _ = toy_treebank(seed, train=5, dev=0, test=0)
    path.write_text(to_conllu(trees))
    treebank = a3("parsing.treebank")
    assert treebank.read_conllu(path) == [tree[:4] for tree in trees]
    assert "".join(tokens.serialize() for tokens in treebank.read_tokens(path)) == to_conllu(trees)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no sentence"),
        (b"\n\n# only a comment\n\n", "no sentence"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"some words\nin lines\n", "not CoNLL-U"),
        (b"1\tone\t_\tX\t_\t_\t7\tdep\t_\t_\n\n", "word 1 has the head 7, of 1 words"),
        (b"# sent_id = s9\n1\ta\t_\tX\t_\t_\t2\tdep\t_\t_\n2\tb\t_\tX\t_\t_\t1\tdep\t_\t_\n\n", "s9: word 1 is above"),
        (b"1\tone\t_\tX\t_\t_\t_\t_\t_\t_\n\n", "a word without a head"),
        (b"1\tone\t_\tX\t_\t_\tx\tdep\t_\t_\n\n", "not CoNLL-U"),
        (b"\x00" * 64, "not CoNLL-U"),
    ],
)
def test_a_file_that_is_no_treebank_is_one_line(a3: A3, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.conllu"
    path.write_bytes(content)
    with pytest.raises(a3("parsing.treebank").TreebankError) as raised:
        a3("parsing.treebank").read_conllu(path)
    assert str(raised.value).startswith(f"{path}: ") and said in str(raised.value) and "\n" not in str(raised.value)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_read_or_refused(a3: A3, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file.conllu"
    path.write_bytes(content)
    try:
        assert a3("parsing.treebank").read_conllu(path)
    except a3("parsing.treebank").TreebankError as error:
        assert "\n" not in str(error).replace(repr(str(path)), "")


def test_a_folder_has_a_file_for_each_part(a3: A3, tmp_path: Path) -> None:
    treebank = a3("parsing.treebank")
    for name in ("en_x-ud-train", "en_x-ud-dev"):
        (tmp_path / f"{name}.conllu").write_text(CONLLU)
    found = treebank.load_treebank(str(tmp_path))
    assert (found.name, len(found.train), len(found.dev), found.test) == (tmp_path.name, 1, 1, [])
    (tmp_path / "dev.conllu").write_text(CONLLU)
    with pytest.raises(treebank.TreebankError, match="expected one file for dev"):
        treebank.load_treebank(str(tmp_path))
    for path in tmp_path.glob("*dev.conllu"):
        path.unlink()
    with pytest.raises(treebank.NoSuchTreebank, match="no file for dev"):
        treebank.load_treebank(str(tmp_path))
    with pytest.raises(treebank.NoSuchTreebank, match="no such folder"):
        treebank.load_treebank("nowhere")


def test_the_toy_treebank_is_that_of_its_seed(a3: A3) -> None:
    one, again, other = (a3("parsing.treebank").load_treebank("toy", seed) for seed in (1, 1, 2))
    assert one == again != other
    assert [len(part) for part in one[1:]] == [4000, 300, 600]
