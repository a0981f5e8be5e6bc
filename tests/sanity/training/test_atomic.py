"""Files are written completely or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from sanity.training.atomic import SaveError, write_atomically


def test_a_file_is_replaced_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, lambda file: file.write(b"first"))

    def fails(file: Any, error: BaseException = RuntimeError("pool\nand more")) -> None:  # noqa: B008
        file.write(b"second")
        raise error

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, lambda file: fails(file, KeyboardInterrupt()))
    with pytest.raises(SaveError) as error:
        write_atomically(path, fails)
    assert str(error.value) == f"{path}: can't be written: pool; the previous content is intact"
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("numbers", [10, 100_000])  # torch meets a full disk here while closing, there while writing
def test_a_full_disk_is_what_the_system_says_it_is(tmp_path: Path, numbers: int) -> None:
    path = tmp_path / "file"
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(SaveError) as error:
        write_atomically(path, lambda file: torch.save({"weights": torch.zeros(numbers)}, file))
    assert str(error.value) == f"{path}: can't be written: No space left on device; the previous content is intact"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "none" / "file"
    with pytest.raises(SaveError, match=r"can't be written: No such file or directory; the previous"):
        write_atomically(path, lambda file: file.write(b"x"))
