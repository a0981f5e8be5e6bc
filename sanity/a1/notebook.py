"""The student's notebook as a module."""

from __future__ import annotations

import os
import warnings
from typing import Any


def notebook(code: Any) -> Any:
    """Return the submission's notebook as a module; figures are read, not shown."""
    os.environ["MPLBACKEND"] = "Agg"  # before the notebook imports pyplot
    warnings.filterwarnings("ignore", message=".*non-interactive, and thus cannot be shown")  # plt.show() says so
    return code.exploring_word_vectors
