"""What training in assignment 4 uses and students need not read: artificial languages, plots, the report of a training.

Models, scores and recipes are those of the handout's `nmt`, which is never imported here: run.py passes them.
"""
