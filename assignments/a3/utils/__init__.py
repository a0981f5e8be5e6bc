"""What the files of assignment 3 share; nothing here is to be edited."""
