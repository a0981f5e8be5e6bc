"""The marking desk: a page on this machine, on which staff read submissions beside their verdicts and mark them."""
