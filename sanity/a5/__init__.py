"""Assignment 5: what every correct attention head, recurrent cell, transformer layer and subword vocabulary must do."""
