"""The nouns of the economy and their arithmetic.

Values and pure functions only: nothing here reads a clock, a file, a network or a random number,
and nothing installed is imported. What goes in decides what comes out.
"""
