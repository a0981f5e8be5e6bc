"""Training what was handed in until a score or a budget is reached: in the sandbox, scored outside."""
