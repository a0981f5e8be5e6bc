"""What the probes of assignment 4 use where they run, beside the submission: here torch is imported, and only here."""
