"""The ledger as other programs read it: beancount, hledger, CSV, JSON Lines, and a statement.

Every export takes entries oldest first, reads them once and yields text, so that a ledger of any
length goes through in little memory. The files are UTF-8 and hold no secrets. Accounts and
entries are to come from one reading of the ledger: a difference between them is found by the
program that reads the copy.
"""
