"""What runs on the student's machine: probes, checks, comparing, explaining, printing."""
