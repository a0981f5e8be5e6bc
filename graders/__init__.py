"""What runs on the grader's machine: intake, sandbox, grading, gradebook, exports."""
