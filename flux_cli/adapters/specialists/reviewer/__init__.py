"""Code review by established analysers, of which nothing in the code under review is run."""
