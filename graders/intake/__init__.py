"""How submissions come in: finding, selecting, unpacking, and packing them for handing in."""
