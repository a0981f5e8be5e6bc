"""What students and graders share: cases, probes, checks, and how an answer becomes a verdict."""
