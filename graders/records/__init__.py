"""Records of grading: results, trainings, the gradebook, manual marks, and the arithmetic of points."""
