"""May this money move? Policy, limits, invariants, verdict: pure, small, read in one sitting.

Nothing here reads a clock, a file or a model's text. Only `authorize` makes a `Permit`, and it
does so only when every rule is silent: the default answer is no.
"""
