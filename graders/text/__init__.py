"""Text made safe to show, to name files with, and to put into spreadsheet cells."""
