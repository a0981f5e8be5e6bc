"""For all tests: Hypothesis without time limits, no bytecode in the course's folders, one thread, and Ctrl-C heard."""

from __future__ import annotations

import os
import signal
import sys

from hypothesis import HealthCheck, settings

from graders.course.assignment import assignment_names
from graders.course.planted.process_run import preload

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

# As for students and in the sandbox: tensors are tiny here. The threads of a second core would wait, not work, and
# several processes at a time would take the cores from each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What a shell runs in the background ignores Ctrl-C, and so would all that the tests start and then interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# One fork server serves the planted bugs of all assignments.
preload(assignment_names())
