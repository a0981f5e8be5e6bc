"""What runs inside the sandbox, and the frames that go in and out.

The zygote never holds a case, answer or seed; a worker sees only the inputs that it is asked about.
"""
