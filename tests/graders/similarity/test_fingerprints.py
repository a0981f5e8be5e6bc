"""Fingerprints find every common passage that is long enough, and nothing of the handout."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graders.course.assignment import course_root
from graders.similarity.code import File
from graders.similarity.fingerprints import GUARANTEED, Code, K, fingerprint, handout_of, kgram_hashes

NOTHING = handout_of([])
# Characters that are filtered to themselves.
SIGNS = st.text("+-*/%&|^~<>()[]{},:", min_size=0, max_size=120)
PASSAGE = st.text("+-*/%&|^~<>()[]{},:", min_size=GUARANTEED, max_size=80)
ANSWER = "    total = sum(weights[word] * counts[word] for word in words if word not in stop)\n    return total / 2\n"


def made(text: str, handout: tuple[str, ...] = ()) -> Code:
    return fingerprint([File("a.py", text)], handout_of(handout) if handout else NOTHING)


@given(SIGNS, SIGNS, SIGNS, SIGNS, PASSAGE)
def test_two_codes_with_a_passage_in_common_have_a_fingerprint_in_common(
    before: str, after: str, other_before: str, other_after: str, passage: str
) -> None:
    one, other = made(before + passage + after), made(other_before + passage + other_after)
    assert np.intersect1d(one.fingerprints, other.fingerprints).size


@given(SIGNS)
def test_what_is_too_short_has_no_hash(text: str) -> None:
    assert len(kgram_hashes(text)) == max(0, len(text) - K + 1)


def test_hashes_are_the_same_in_every_process() -> None:
    program = "from graders.similarity.fingerprints import kgram_hashes as h; print(h('V=V.V(V,V)' * 9).tolist())"
    environment = {**os.environ, "PYTHONPATH": str(course_root())}
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**environment, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_windows_of_one_are_the_passages_of_copydetect() -> None:
    from io import StringIO

    from copydetect import CodeFingerprint, compare_files

    texts = ["x = 1\n" + ANSWER, ANSWER.replace("total", "sum_") + "print(a, b)\n"]
    theirs = [CodeFingerprint("a.py", K, 1, fp=StringIO(text)) for text in texts]
    _, _, (first, _) = compare_files(*theirs)
    ours = [made(text) for text in texts]
    at = np.flatnonzero(np.isin(ours[0].hashes, ours[1].hashes))
    filtered = ours[0].filtered[0]
    assert filtered.starts[at[0]] == first[0][0]
    assert int(at[-1]) - int(at[0]) + 1 == len(at), "one passage"
    assert sum(len(idx) for hash, idx in theirs[0].hash_idx.items() if hash in theirs[1].hashes) == len(at)


def test_the_handout_does_not_count() -> None:
    stub = (
        "import numpy as np\n\n\ndef answer(words, weights, counts, size, stop):\n"
        '    """What to do."""\n'
        "    # Question 1a: your code starts here.\n"
        '    raise NotImplementedError("1a: not implemented yet")\n'
        "    # Question 1a: your code ends here.\n"
    )
    assert not made(stub, (stub,)).own.any()
    answered = stub.replace('    raise NotImplementedError("1a: not implemented yet")\n', ANSWER)
    code = made(answered, (stub,))
    own = [(code.filtered[0].starts[place], code.filtered[0].ends[place + K - 1]) for place in np.flatnonzero(code.own)]
    inside = answered.index(ANSWER), answered.index(ANSWER) + len(ANSWER)
    assert own and all(end > inside[0] and start < inside[1] for start, end in own)
    assert made(ANSWER).own.all()


def test_two_files_are_no_passage() -> None:
    half = "V+" * (K // 2 - 1)
    assert not fingerprint([File("a.py", half), File("b.py", half)], NOTHING).own.any()


def test_nothing_has_no_fingerprints() -> None:
    assert fingerprint([], NOTHING).fingerprints.size == made("").fingerprints.size == 0
