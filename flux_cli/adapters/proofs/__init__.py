"""Checking a proof bundle with nothing but the bundle, apart from the code that made it."""
