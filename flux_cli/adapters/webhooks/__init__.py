"""Sending messages to endpoints that others run, from a machine that they must not look into."""
