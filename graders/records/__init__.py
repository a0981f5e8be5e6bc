"""What grading leaves: results, trainings, the gradebook, marks given by hand, and the arithmetic of points."""
