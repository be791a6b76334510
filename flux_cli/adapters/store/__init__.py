"""The ledger's file: the only room that opens SQLite.

Every write passes through one lock file and one `BEGIN IMMEDIATE`; the schema defends itself
against raw SQL, and the heads of both chains are kept beside the file as well as in it.
"""
