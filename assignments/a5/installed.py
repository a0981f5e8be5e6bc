"""Finds an installed library that a stand-in of the same name in this folder hides.

Files for this course import jaxtyping, transformers and huggingface_hub at their top. No question needs them, so that
such files should run where they are not installed, too: then the stand-ins beside this file are imported.
"""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
STAND_INS = ("jaxtyping", "huggingface_hub", "transformers")
"""In this order they are imported, for transformers imports huggingface_hub."""


def spec_of(name: str) -> ModuleSpec | None:
    """Return where a library is installed, outside of this folder; None if it is not."""
    places = [place for place in sys.path if Path(place or ".").resolve() != HERE]
    return PathFinder.find_spec(name, places)


def is_stand_in(name: str) -> bool:
    """Return whether the module that is imported under a name is the one in this folder."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and Path(file).resolve() == HERE / name / "__init__.py"


def installed(name: str) -> ModuleType:
    """Import an installed library in the place of its stand-in, and return it.

    Raise ModuleNotFoundError if it is not installed.
    """
    if (spec := spec_of(name)) is None:
        raise ModuleNotFoundError(f"{name} is not installed: pip install {name}", name=name)
    for other in STAND_INS[: STAND_INS.index(name)]:  # which it may import
        if spec_of(other):
            installed(other)
    before = sys.modules.get(name)
    if before is not None and not is_stand_in(name):
        return before
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        assert spec.loader is not None
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
        raise
    return module
