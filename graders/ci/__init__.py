"""Continuous integration: the workflow files of a class, its repositories, and the jobs that grade them."""
