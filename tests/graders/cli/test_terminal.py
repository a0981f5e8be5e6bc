"""What commands print on a terminal."""

from __future__ import annotations

import pytest

from graders.cli.terminal import progress_bar


def test_a_bar_shows_the_name_of_a_submission_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as bar:
        task = bar.add_task("grading", total=1)
        bar.update(task, completed=1, description="a[red]b [/x]")
    assert "a[red]b [/x]" in capsys.readouterr().err
