"""What fails in a submitted file takes nothing else with it, and what uses it meets the failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sanity.core.calling import submission_error
from sanity.core.submission_modules import SubmissionModules

Open = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open a submission of these files; mine.py and given.py are asked for, others are helpers."""
    made: list[SubmissionModules] = []

    def open_it(seconds: float | None = None, **files: str) -> SubmissionModules:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        made.append(SubmissionModules(tmp_path, [("mine.py",), ("given.py",), ("utils/more.py",)], seconds=seconds))
        return made[-1]

    yield open_it
    for code in made:
        code.forget()


def test_an_import_that_fails_and_is_not_used_does_not_matter(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    code = opened(
        mine="import not_there\nfrom nor.this import a, b as c\nnot_there.download('punkt')\ndef f(): return 1\n"
    )
    assert code.mine.f() == 1
    assert capsys.readouterr().err.splitlines() == [
        "note: mine.py, line 1: failed: ModuleNotFoundError: No module named 'not_there'"
    ]


@pytest.mark.parametrize(
    "use",
    [
        "not_there.x",
        "not_there()",
        "not_there[0]",
        "len(not_there)",
        "not_there + 1",
        "1 / not_there",
        "bool(not_there)",
    ],
)
def test_what_uses_it_meets_the_failure_at_the_imports_line(opened: Open, tmp_path: Path, use: str) -> None:
    code = opened(mine=f"\nimport not_there\ndef f():\n    return {use}\n")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="No module named 'not_there'") as error:
            code.mine.f()
        raised = submission_error(error.value, tmp_path)
        assert (raised.file, raised.line) == ("mine.py", 2)
        assert raised.trace.count("import not_there") == 1


def test_of_several_names_those_that_are_there_are_imported(opened: Open) -> None:
    code = opened(given="x = 1\n", mine="from given import y, x, z as w\ndef f(): return x\ndef g(): return w()\n")
    assert code.mine.f() == 1
    with pytest.raises(ImportError, match="cannot import name 'z' from 'given'"):
        code.mine.g()


@pytest.mark.parametrize(
    "line",
    [
        "from .given import x",
        "from a4.given import x",
        "from course.a4.given import x",
        "import a4.given as g; x = g.x",
        "from . import given; x = given.x",
        "from a4 import given; x = given.x",
        "from a4.utils.more import x",
        "from .utils.more import x",
        "from .helper import x",
    ],
)
def test_imports_as_in_a_package_are_understood(opened: Open, line: str) -> None:
    code = opened(given="x = 1\n", utils__more="x = 1\n", helper="x = 1\n", mine=f"{line}\ndef f(): return x\n")
    assert code.mine.f() == 1


def test_what_is_decorated_or_derived_from_it_is_missing_for_its_reason(opened: Open) -> None:
    code = opened(mine="import numbba\n@numbba.njit\ndef f(): return 1\nclass C(numbba): pass\ndef g(): return 2\n")
    assert code.mine.g() == 2
    for name in ("f", "C"):
        with pytest.raises(ModuleNotFoundError, match="numbba"):
            getattr(code.mine, name)


def test_an_annotation_need_not_be_there(opened: Open) -> None:
    code = opened(
        mine="import nlp\ndef f(x: nlp.Tree) -> nlp.Tree: return x\nclass C:\n    tree: nlp.Tree = 1\n"
        "def g(x: int): return x\n"
    )
    assert (code.mine.f(1), code.mine.C().tree) == (1, 1)
    assert code.mine.g.__annotations__ == {"x": int}


def test_a_file_that_is_not_python_is_no_module(opened: Open) -> None:
    with pytest.raises(SyntaxError):
        opened(mine="def f(:\n").mine  # noqa: B018


def test_another_file_that_is_not_python_is_a_failed_import(opened: Open, tmp_path: Path) -> None:
    code = opened(helper="def f(:\n", mine="from helper import h\ndef f(): return 1\ndef g(): return h()\n")
    assert code.mine.f() == 1
    with pytest.raises(SyntaxError) as error:
        code.mine.g()
    assert submission_error(error.value, tmp_path).file == "helper.py"


@pytest.mark.parametrize(
    "slow",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import time\ntry: time.sleep(60)\nexcept Exception: pass",
        "while True:\n    try: 1 / 0\n    except Exception: pass",
        "import stall",
    ],
)
def test_a_statement_that_does_not_end_is_stopped(opened: Open, slow: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = opened(seconds=0.2, stall="import time\ntime.sleep(60)\n", mine=f"before = 1\n{slow}\ndef f(): return 2\n")
    assert (code.mine.before, code.mine.f()) == (1, 2)
    assert "failed: sanity.core.time_limit.TookTooLong: it took more than 0.2 s" in capsys.readouterr().err
