"""Results to test with: one made by hand, and a Hypothesis strategy with hostile names and texts."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from graders.records.gradebook import Gradebook
from graders.records.policies import Adjustment
from graders.records.result import QuestionResult, Result, Signature, Standing
from graders.records.scoring import earned, total
from graders.records.student import Student
from sanity.core.difference import Difference
from sanity.core.verdict import Outcome, Verdict

SECRET = "hidden-from-students"

HOSTILE = [
    "../x", "..", "/etc/passwd", "con", "CON.txt", "nul", "a b", "Anna", "anna", "ANNA", "-rf", ".hidden", "~", "",
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'a"b', "a,b", "a;b", "it's", "a\nb", "a\r\nb", "a\x00b",
    "<script>alert(1)</script>", "</pre></details>", "{{ 7 * 7 }}", "&lt;", "]]>", "<!--", "[bold red]x[/]",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "::error::x", "%0A::error::x", "José", "Jose\u0301", "李小龍",
    "\udcff", "\udcfe", "\ud800", "\uffff", "\u202egnp.exe", "\u2028", "x" * 300, "long " * 2000,
]  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Any text, lone surrogates and control characters too; never the SECRET."""
    anything = st.text(st.characters(exclude_categories=()), max_size=30)
    return st.one_of(st.sampled_from(HOSTILE), anything).filter(lambda text: SECRET not in text)


def stored(text: str) -> str:
    """Text without lone surrogates: what comes as JSON from a worker has none."""
    return text.encode("utf-8", "replace").decode()


# Drawing a text for each place, and making a strategy for each result, would take most of a test's time. So the
# strategies are made once, and a number in each place chooses from the texts of a result.
PLACE = st.integers(0, 2 * len(HOSTILE) - 1)
JUDGED = st.tuples(
    st.sampled_from(Outcome), st.sampled_from([0.1, 0.5, 1, 2, 3]), st.booleans(), st.tuples(*[PLACE] * 7)
)
QUESTION = st.tuples(st.integers(0, 2000), PLACE, PLACE, st.lists(JUDGED, max_size=4))
QUESTIONS = st.dictionaries(st.sampled_from(["1a", "1b", "2", "10c", "=3"]), QUESTION, max_size=3)
FREE = st.lists(texts().map(stored), min_size=1, max_size=8)


def text_at(place: int, free: list[str]) -> str:
    """A text of HOSTILE for half of the places, one of these for the others."""
    return stored(HOSTILE[place]) if place < len(HOSTILE) else free[place % len(free)]


def verdict(question: str, judged: tuple[Outcome, float, bool, tuple[int, ...]], free: list[str]) -> Verdict:
    """One verdict, with the SECRET in each part that only staff may read."""
    outcome, weight, is_property, places = judged
    check, sentence, message, diagnosis, hint, case, detail = (text_at(place, free) for place in places)
    return Verdict(
        question=question,
        check=check,
        sentence=sentence,
        outcome=outcome,
        weight=weight,
        is_property=is_property,
        message=message,
        diagnosis=diagnosis,
        hint=hint,
        case=SECRET + case,
        outline=case,
        detail=SECRET + detail,
        script=SECRET + case,
        difference=Difference(SECRET + case, (SECRET, check), ((0.5, None), (-1.0, 0.0))),
    )


def verdicts(question: str) -> st.SearchStrategy[Verdict]:
    """Verdicts of a question."""
    return st.builds(verdict, st.just(question), JUDGED, FREE)


@st.composite
def results(draw: st.DrawFn) -> Result:
    """One result; the points of a question follow from its verdicts."""
    free = draw(FREE)
    questions = []
    for id, (cents, title, printed, judged) in draw(QUESTIONS).items():
        found = tuple(verdict(id, one, free) for one in judged)
        max_points = cents / 100
        points = total(earned(found, max_points))
        questions.append(
            QuestionResult(id, text_at(title, free), points, max_points, found, SECRET + text_at(printed, free))
        )
    return Result(
        assignment="a4",
        title=text_at(draw(PLACE), free),
        submission=draw(texts()),
        digest=draw(st.sampled_from(["0" * 64, "1" * 64, "f" * 64])),
        questions=tuple(questions),
        signature=Signature(draw(st.integers(0, 2**63)), "sandlock", "abc", {"python": "3.11.7"}),
        notes=tuple(draw(st.lists(texts(), max_size=2))),
        graded_at="2025-01-31T12:00:00+00:00",
        seconds=draw(st.floats(0, 1000)),
    )


def classes() -> st.SearchStrategy[list[Result]]:
    """The results of a class, perhaps an empty one."""
    return st.lists(results(), max_size=5)


@st.composite
def marked_classes(draw: st.DrawFn) -> list[Result]:
    """The results of a class, after staff and a policy: questions unmarked, excused or changed, late work."""
    class_ = []
    for result in draw(classes()):
        questions = []
        for question in result.questions:
            standing = draw(st.sampled_from(Standing))
            by_hand = draw(st.booleans()) and standing is not Standing.UNMARKED
            changes = {
                "standing": standing,
                "points": 0.0
                if standing is not Standing.COUNTED
                else question.max_points
                if by_hand
                else question.points,
                "graded_points": question.points if by_hand else None,
                "comment": draw(st.sampled_from(["", "=1+1", "a reason"])),
                "history": draw(st.sampled_from([(), ("3: once",)])),
            }
            questions.append(msgspec.structs.replace(question, **changes))
        result = msgspec.structs.replace(result, questions=tuple(questions))
        if draw(st.booleans()):
            late = Adjustment(result.points, round(result.points / 2, 2), "late", *["2026-11-21T00:00:00+01:00"] * 2)
            result = msgspec.structs.replace(result, policy=late)
        class_.append(result)
    return class_


PASSED = Verdict("1d", "encodes", "encode() returns the hidden states.", Outcome.PASSED, 3, is_property=False)
PROPERTY = Verdict("1d", "padding", "Padding does not leak.", Outcome.PASSED, 1, is_property=True)
FAILED = Verdict(
    "1d", "encodes", "encode() returns the hidden states.", Outcome.FAILED, 3, is_property=False,
    message="h_0 is wrong:\nits halves are swapped.",
    diagnosis="halves swapped", case="one word", outline="one word", detail=f"got {SECRET}",
)  # fmt: skip
CRASHED = Verdict(
    "1e",
    "decodes",
    "decode() returns the outputs.",
    Outcome.COULD_NOT_RUN,
    1,
    is_property=False,
    message="No answer in 20 s.",
    outline="one word",
)


def made(name: str, *found: Verdict, digest: str = "0" * 64, points: float = 8) -> Result:
    """Return a result for a4 with one question for each that the verdicts name, each worth points."""
    names = {"1d": "Encode", "1e": "Decode"}
    questions = []
    for id in dict.fromkeys(verdict.question for verdict in found):
        own = tuple(verdict for verdict in found if verdict.question == id)
        questions.append(QuestionResult(id, names[id], total(earned(own, points)), points, own))
    signature = Signature(7, "sandlock", "abc", {"python": "3.11.7"})
    time = "2025-01-31T12:00:00+00:00"
    return Result("a4", "Translation", name, digest, tuple(questions), signature, graded_at=time, seconds=1.5)


def handed_in_by(result: Result, *students: Student) -> Result:
    """Return a result with its students, as a platform's export or a roster gives them."""
    return msgspec.structs.replace(result, students=students)


def recorded(out: Path, *class_: Result) -> Path:
    """Write the gradebook of a class; return its folder."""
    with Gradebook(out / "gradebook.sqlite") as book:
        for result in class_:
            book.put(result.digest, result, Path("/class") / result.submission)
    return out


def copy(results: list[Result]) -> list[Result]:
    """Return equal results that share no object with these."""
    return deepcopy(results)
