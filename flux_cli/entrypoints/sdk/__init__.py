"""Flux from Python: the same use cases on the same ledger, with amounts in whole cents.

`flux_cli.sdk` is the door; what is in here turns its arguments into requests, and objects of the
domain into the objects that agents' code knows.
"""
