"""What the fork server of `process_run` does once, when it imports this module: it warms up some assignments.

Their names stand in the environment, since a fork server takes names of modules and no arguments.
"""

import gc
import os
from contextlib import suppress

import numpy.ma  # by np.median; numpy imports both at first use, which would be in each child
import numpy.random  # noqa: F401 - by all that draws

from graders.course.planted.process_run import recordings_of
from sanity.core.assignment_package import load_checks, load_warm_up
from sanity.core.recordings import RecordingsError

os.environ["OMP_NUM_THREADS"] = "1"  # one child a core: torch's threads would wait, and do not survive a fork
for name in os.environ["TRIVIUM_PRELOAD"].split():
    if warm_up := load_warm_up(name):
        warm_up()
    load_checks(name)
    with suppress(RecordingsError):  # before the first recording
        recordings_of(name)

gc.collect()
gc.set_threshold(10_000)  # a child is short-lived
gc.freeze()  # the collector writes to each object it visits, which would copy the pages shared with children
