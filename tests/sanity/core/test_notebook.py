"""Notebooks are modules: what Python cannot run is skipped with a note, and what fails takes nothing with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanity.core import notebook
from sanity.core.calling import submission_error
from sanity.core.notebook import MAX_MAGICS, Cell, NotebookError, parse, read_cells
from sanity.core.submission_modules import SubmissionModules

NAMES = ("words.ipynb", "words.py")


def code(*lines: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [{"data": 1}], "source": "\n".join(lines)}


def write(folder: Path, *cells: dict[str, Any], **other: Any) -> Path:
    path = folder / "words.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}, **other}))
    return path


@contextmanager
def opened(folder: Path) -> Iterator[SubmissionModules]:
    made = SubmissionModules(folder, [NAMES])
    try:
        yield made
    finally:
        made.forget()


def test_cells_run_in_order_and_the_last_definition_counts(tmp_path: Path) -> None:
    text = {"cell_type": "markdown", "source": "x = 0"}
    write(tmp_path, code("x = 1", "def f(): return 1"), text, code("def f(): return x", "x += 1"))
    with opened(tmp_path) as made:
        assert (made.words.x, made.words.f()) == (2, 2)
        assert made.words.__file__ == str(tmp_path / "words.ipynb")
        assert made.words.__name__ == "words"


def test_what_fails_takes_nothing_with_it_and_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path,
        code("import not_there", "import math", "1 / 0"),
        code("def broken(:", "x = 1"),
        code("import sys", "sys.exit()", "area = math.pi"),
    )
    with opened(tmp_path) as made:
        assert made.words.area > 3
    assert capsys.readouterr().err.splitlines() == [
        "note: words.ipynb, cell 1, line 1: failed: ModuleNotFoundError: No module named 'not_there'",
        "note: words.ipynb, cell 2, line 1: skipped the cell: SyntaxError: invalid syntax",
        "note: words.ipynb, cell 3, line 2: failed: SystemExit",
    ]


def test_a_missing_name_says_what_became_of_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        code("def parsed(:"),
        code("def decorated(): pass", "", "@nothing", "def decorated_wrongly():", "    return 1"),
    )
    with opened(tmp_path) as made:
        with pytest.raises(SyntaxError) as error:
            made.words.parsed  # noqa: B018
        raised = submission_error(error.value, tmp_path)
        assert (raised.file, raised.line) == ("words.ipynb, cell 1", 1)
        for _ in range(2):
            with pytest.raises(NameError, match="name 'nothing' is not defined") as wrong:
                made.words.decorated_wrongly  # noqa: B018
            raised = submission_error(wrong.value, tmp_path)
            assert (raised.file, raised.line) == ("words.ipynb, cell 2", 3)
            assert raised.trace.count("@nothing") == 1
        with pytest.raises(AttributeError, match=r"^no cell defines other$"):
            made.words.other  # noqa: B018
        assert not hasattr(made.words, "other")


def test_a_traceback_names_the_cell_and_shows_its_line(tmp_path: Path) -> None:
    write(tmp_path, code("x = 1"), code("def f():", "    return 1 / 0"))
    with opened(tmp_path) as made, pytest.raises(ZeroDivisionError) as error:
        made.words.f()
    raised = submission_error(error.value, tmp_path)
    assert (raised.file, raised.line) == ("words.ipynb, cell 2", 2)
    assert "return 1 / 0" in raised.trace


@pytest.mark.parametrize(
    "line",
    [
        *("%matplotlib inline", "%load_ext autoreload", "!pip install nltk", "!ls 'it", "?print", "print?", "x.y??"),
        *("files = !ls", "a, b = %sql select", "pip install nltk", "conda install x", "!echo (", "% time"),
    ],
)
def test_magics_are_skipped_with_a_note_and_their_cell_runs(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, code("if True:", "    x = 1", f"    {line}", "y = 2"))
    with opened(tmp_path) as made:
        assert made.words.y == 2
    assert capsys.readouterr().err.startswith("note: words.ipynb, cell 1, line 3: skipped ")


def test_a_magic_that_goes_on_is_skipped_to_its_end(tmp_path: Path) -> None:
    write(tmp_path, code("!pip install a \\", "  b", "x = 1"))
    with opened(tmp_path) as made:
        assert made.words.x == 1


def test_what_looks_like_a_magic_inside_python_is_kept(tmp_path: Path) -> None:
    lines = 'text = """', "%matplotlib", "!ls", '"""', "x = (7", "%4)"
    write(tmp_path, code(*lines), code("!ls", *lines[4:]))
    with opened(tmp_path) as made:
        assert (made.words.text, made.words.x) == ("\n%matplotlib\n!ls\n", 3)


@pytest.mark.parametrize(
    ("magic", "runs"), [("%%time", True), ("%%timeit -n 3", True), ("%%bash", False), ("%%html", False)]
)
def test_cells_of_another_language_are_skipped(tmp_path: Path, magic: str, runs: bool) -> None:
    write(tmp_path, code("", magic, "x = 1"))
    with opened(tmp_path) as made:
        assert hasattr(made.words, "x") == runs


def test_there_is_an_end_to_magics() -> None:
    parse(Cell("c", "%a\n" * (MAX_MAGICS - 1)), lambda line, said: None)
    with pytest.raises(SyntaxError, match=f"^more than {MAX_MAGICS} magics"):
        parse(Cell("c", "%a\n" * (MAX_MAGICS + 1)), lambda line, said: None)


def test_future_imports_hold_for_later_cells(tmp_path: Path) -> None:
    write(tmp_path, code("from __future__ import annotations"), code("def f(x: NotThere): return x"))
    with opened(tmp_path) as made:
        assert made.words.f(1) == 1


def test_format_3_is_read(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}, {"cell_type": "markdown", "source": "z"}]
    path = tmp_path / "words.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}))
    with opened(tmp_path) as made:
        assert (made.words.x, made.words.y) == (1, 2)


def test_outputs_are_never_run_nor_a_limit(tmp_path: Path) -> None:
    write(tmp_path, {**code("x = 1"), "outputs": ["x = 2", {"text": ["raise SystemExit"]}]})
    with opened(tmp_path) as made:
        assert made.words.x == 1


@pytest.mark.parametrize(
    "text",
    [
        "# %%\nx = 1\n# %% [markdown]\n# text\n# %%\n!ls\ndef f(): return x\n",
        "#%%\nx = 1\n\n#%% name\n%matplotlib inline\ndef f(): return x\n",
        "# In[1]:\n\n\nx = 1\nget_ipython().run_line_magic('time', '')\n\n# In[ ]:\ndef f(): return x\n",
        "import not_there\nx = 1\ndef f(): return x\n",
    ],
)
def test_a_python_file_is_run_the_same_way(tmp_path: Path, text: str) -> None:
    (tmp_path / "words.py").write_text(text)
    with opened(tmp_path) as made:
        assert made.words.f() == 1


def test_lines_of_a_python_file_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("# %%\nx = 1\n# %%\nx = (\n# %%\ndef f():\n    return 1 / 0\n")
    with opened(tmp_path) as made, pytest.raises(ZeroDivisionError) as error:
        made.words.f()
    raised = submission_error(error.value, tmp_path)
    assert (raised.file, raised.line) == ("words.py", 7)


def test_of_both_the_notebook_counts(tmp_path: Path) -> None:
    write(tmp_path, code("x = 'notebook'"))
    (tmp_path / "words.py").write_text("x = 'file'")
    with opened(tmp_path) as made:
        assert made.words.x == "notebook"


CELL = '{"cells": [{"cell_type": "code", "source": %s}]}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "words.ipynb is not a notebook: not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "words.ipynb is not a notebook: it holds list, expected an object"),
        (b"3", "words.ipynb is not a notebook: it holds int, expected an object"),
        (b"{}", "words.ipynb is not a notebook: it has no list of cells"),
        (b'{"cells": {}}', "words.ipynb is not a notebook: it has no list of cells"),
        (b'{"worksheets": 3}', "words.ipynb is not a notebook: it has no list of cells"),
        (b'{"worksheets": [3]}', "words.ipynb is not a notebook: it has no list of cells"),
        (b'{"cells": [3]}', "words.ipynb is not a notebook: item 1 of its cells is not a cell"),
        (b"[" * 200_000, "words.ipynb is not a notebook: its JSON nests too deeply"),
        *(
            ((CELL % source).encode(), "words.ipynb is not a notebook: the source of item 1 of its cells is not text")
            for source in ("3", "null", '{"a": 1}', '["x", 3]', "[[]]")
        ),
        (b" " * 10_000_001, "words.ipynb has more than 10,000,000 bytes: clear its outputs and save it again"),
    ],
)
def test_what_is_no_notebook_is_an_error_of_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "words.ipynb").write_bytes(content)
    with pytest.raises(NotebookError) as error:
        read_cells(tmp_path / "words.ipynb")
    assert str(error.value) == message


@pytest.mark.parametrize("source", ["\0", "\ud800", "(" * 500, "-" * 200_000 + "1", "x = '" + "a" * 100_000])
def test_a_cell_that_no_parser_reads_fails_alone(tmp_path: Path, source: str) -> None:
    write(tmp_path, code(source), code("x = 1"))
    with opened(tmp_path) as made:
        assert made.words.x == 1


def test_exceptions_that_cannot_be_shown_do_no_harm(tmp_path: Path) -> None:
    hostile = "class E(Exception):", "    def __str__(self): raise RuntimeError", "raise E"
    write(tmp_path, code(*hostile), code("x = 1"))
    with opened(tmp_path) as made:
        assert made.words.x == 1


KEYS = st.sampled_from(["cells", "worksheets", "cell_type", "source", "input", "code"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(JSON | st.binary())
def test_anything_is_cells_or_a_notebook_error(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "words.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    try:
        cells = read_cells(path)
    except NotebookError as error:
        assert "\n" not in str(error)
    else:
        assert all(isinstance(cell.text, str) for cell in cells)


LINES = st.sampled_from(["# %%", "x = 1", "", "%magic", "# In[3]:", "def f():", "    y = 2", '"""'])


@given(st.lists(LINES, max_size=12))
def test_the_cells_of_a_python_file_are_its_lines_each_at_its_place(lines: list[str]) -> None:
    found = list(notebook._cells_of_python(Path("words.py"), "\n".join(lines)))
    assert "\n".join(cell.text for cell in found).split() == "\n".join(lines).split()
    for cell in found:
        for number, line in enumerate(cell.text.split("\n")):
            assert line in ("", lines[number] if lines else "")
