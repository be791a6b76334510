"""What is wrong with a value, where its key is not known yet."""


class Unusable(Exception):
    """A value is not what its key wants; the message completes "policy.paused …"."""
