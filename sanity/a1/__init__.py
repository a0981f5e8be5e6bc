"""Assignment 1: what every correct word count, reduction, picture and question to word vectors must do."""
