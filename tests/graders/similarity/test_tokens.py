"""Code is filtered as copydetect does it, with exact places, whatever it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import load_assignment
from graders.similarity.tokens import filter_source

HOSTILE = {
    "parentheses": "(" * 10_000,
    "nested lists": "[" * 10_000 + "]" * 10_000,
    "a long line": "x = 1; " * 20_000,
    "an open string": '"""' + "a\n" * 20_000,
    "f-strings": "f'{" * 10_000,
    "no Python": "def (:\n  ]]] class\n\tfoo bar <<<<",
    "NUL": "x\0y = 1\n",
    "surrogates": "x = '\ud800'\n",
    "other scripts": "größe = '漢字'  # 🎉\n",
    "continued lines": "\\\n" * 10_000,
}


@pytest.mark.parametrize("assignment", ["a2", "a4"])
def test_the_text_is_that_of_copydetect(assignment: str) -> None:
    from copydetect.utils import filter_code

    for name, content in load_assignment(assignment).reference.items():
        text = content.decode()
        assert filter_source(text).text == filter_code(text, name)[0]


def test_each_character_has_its_place_also_after_the_name_of_a_class() -> None:
    source = "class Long(Base):\n    def method(self, value):  # a comment\n        return value + 'text'\n"
    filtered = filter_source(source)
    found = [source[start:end] for start, end in zip(filtered.starts, filtered.ends, strict=True)]
    assert "".join(filtered.text) == 'classO(V):defF(self,V):returnV+"S"'
    assert found[5] == "Long" and found[7] == "Base"
    assert [found[filtered.text.index(sign)] for sign in "F+S"] == ["method", "+", "text"]


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_it_is_each_character_has_a_place(kind: str) -> None:
    source = HOSTILE[kind]
    filtered = filter_source(source)
    assert len(filtered.text) == len(filtered.starts) == len(filtered.ends)
    assert all(0 <= start < end <= len(source) for start, end in zip(filtered.starts, filtered.ends, strict=True))


@given(st.text())
def test_any_text_can_be_filtered(source: str) -> None:
    filtered = filter_source(source)
    assert len(filtered.text) == len(filtered.starts) == len(filtered.ends)
    assert list(filtered.starts) == sorted(filtered.starts)


NAMES = st.from_regex(r"v_[a-z0-9]{1,20}", fullmatch=True)


@given(st.lists(NAMES, min_size=5, max_size=5, unique=True))
def test_other_names_comments_and_space_change_nothing(names: list[str]) -> None:
    source = "def area(width, height):\n    total = width * height\n    return total if total > 0 else None\n"
    words = dict(zip(("area", "width", "height", "total"), names, strict=False))
    copy = re.sub("|".join(words), lambda match: words[match[0]], source)
    copy = copy.replace(" * ", "*").replace(":\n    ", f":  # {names[4]}\n\n  \t")
    assert filter_source(copy).text == filter_source(source).text
