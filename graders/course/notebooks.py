"""Converts a solution in the percent format to the notebook that students receive."""

from __future__ import annotations

import json

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def to_notebook(text: str) -> str:
    """Return the notebook, as JSON, of a Python file whose cells begin with `# %%` or `# %% [markdown]`.

    The same text gives the same bytes: cell ids are numbers, and no tool's version is written.
    """
    import jupytext

    cells = [
        {
            "cell_type": cell.cell_type,
            "id": f"cell-{number}",
            "metadata": {},
            **({"execution_count": None, "outputs": []} if cell.cell_type == "code" else {}),
            "source": cell.source.splitlines(keepends=True),
        }
        for number, cell in enumerate(jupytext.reads(text, fmt="py:percent").cells, start=1)
    ]
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
