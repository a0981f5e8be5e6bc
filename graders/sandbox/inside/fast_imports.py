"""Imports of large libraries in the sandbox, where each call that names a file is slow.

The supervisor serves these calls one by one. Importing torch makes more than twenty thousand; most ask for the status
of a file whose status was asked for before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import _bootstrap_external
from stat import S_ISLNK
from typing import Any

Status = Callable[..., os.stat_result]
READ_BYTES = 2**20


@contextmanager
def fast_imports(writable: tuple[str, ...]) -> Iterator[None]:
    """In the block of a `with`, cache the status of files, and read modules without asking for theirs.

    Args:
        writable: folders whose files may change meanwhile: their status is not cached.

    Afterwards everything is as before: a submission must see the files of its folder as they are.
    """
    external: Any = _bootstrap_external
    lstat = cached_status(os.lstat, writable)
    stat = cached_status(followed(os.stat, lstat), writable)
    replaced = [
        (os, "stat", stat),
        (os, "lstat", lstat),
        (external, "_path_stat", stat),
        (external.FileLoader, "get_data", read_module),
    ]
    before = [getattr(owner, name) for owner, name, _ in replaced]
    try:
        for owner, name, function in replaced:
            setattr(owner, name, function)
        yield
    finally:
        for (owner, name, _), function in zip(replaced, before, strict=True):
            setattr(owner, name, function)


def cached_status(status: Status, writable: tuple[str, ...]) -> Status:
    """Return a function like os.stat that caches what it returns or raises for absolute paths outside some folders."""

    @cache
    def outcome(path: str) -> os.stat_result | tuple[int | None, str | None]:
        try:
            return status(path)
        except OSError as error:
            return error.errno, error.strerror

    def cached(path: Any, *args: Any, **options: Any) -> os.stat_result:
        if args or options or not isinstance(path, str) or not path.startswith("/") or path.startswith(writable):
            return status(path, *args, **options)
        found = outcome(path)
        if isinstance(found, os.stat_result):
            return found
        raise OSError(*found, path)

    return cached


def followed(stat: Status, lstat: Status) -> Status:
    """Return a function like os.stat of a path that asks lstat first, which answers for all but links."""

    def status(path: Any, *args: Any, **options: Any) -> os.stat_result:
        if args or options or not isinstance(path, str):
            return stat(path, *args, **options)
        found = lstat(path)
        return stat(path) if S_ISLNK(found.st_mode) else found

    return status


def read_module(loader: object, path: str) -> bytes:
    """Return the content of a file, as the method get_data of importlib's loaders does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(descriptor, READ_BYTES), b""))
    finally:
        os.close(descriptor)
