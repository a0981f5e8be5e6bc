"""Runs the staff's ablations: the reference is trained with one component replaced or removed at a time."""

from __future__ import annotations

import os
import subprocess
import sys

from graders.course.assignment import load_assignment
from graders.errors import OptionError
from graders.training.options import TrainOptions


def run_ablations(options: TrainOptions) -> int:
    """Run solutions/aN/staff/ablations.py and return its exit status. It is trusted code: no sandbox."""
    script = load_assignment(options.assignment).solutions / "staff" / "ablations.py"
    if not script.is_file():
        raise OptionError(f"--ablations: {options.assignment} has no ablations; expected them in {script}")
    values = {
        "--data": options.data or None,
        "--seed": options.seed,
        "--device": options.device,
        "--out": options.out / "ablations",
    }
    arguments = [str(part) for item in values.items() if item[1] is not None for part in item]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.run([sys.executable, str(script), *arguments], env=environment, check=False).returncode
