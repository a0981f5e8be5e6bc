"""What runs inside the sandbox, and the frames that go in and out. Nothing here ever holds a case, answer or seed."""
