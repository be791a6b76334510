"""The dashboard in a terminal: keys and pictures over the views that `usecases.dashboard` makes.

No SQL and no rule of the economy is here. Every text is a literal: nothing in it is markup, and
nothing in it reaches the terminal that a terminal would obey.
"""
