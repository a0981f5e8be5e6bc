"""What runs beside a submission to assignment 5 and imports torch where it is loaded."""
