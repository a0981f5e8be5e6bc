"""What the probes of assignment 3 use where they run, beside the submission: here torch is imported, and only here."""
