#!/bin/sh
# Gradescope runs this for each submission, and reads results/results.json.
autograder=${1:-/autograder}
results=$autograder/results/results.json

# First what holds if nothing else gets written: no mark, and a fault of the autograder, which is no attempt.
mkdir -p "$autograder/results"
cp "$autograder/source/not_graded.json" "$results.new" && mv "$results.new" "$results"

# The limit is just below Gradescope's own, whose default is 10 minutes a submission.
timeout --kill-after=5 "${TRIVIUM_SECONDS:-580}" \
    "$autograder/environment/bin/python" -P -m graders.autograder "$autograder" </dev/null
status=$?
[ $status -ne 124 ] || echo "the time is over; raise the limit here and in Gradescope's settings"
exit $status
