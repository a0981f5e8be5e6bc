"""How learning platforms lay out the submissions of a class: from names to students, without reading a file."""
