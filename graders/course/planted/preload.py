"""What the fork server of `process_run` does once, when it imports this module: warm up some assignments.

Their names stand in the environment, since a fork server takes names of modules and no arguments.
"""

import os

from sanity.core.assignment_package import load_warm_up

os.environ["OMP_NUM_THREADS"] = "1"  # one child a core: torch's threads would wait, and do not survive a fork
for name in os.environ["TRIVIUM_PRELOAD"].split():
    if warm_up := load_warm_up(name):
        warm_up()
