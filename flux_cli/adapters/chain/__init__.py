"""The chain: asking its nodes, encoding what is signed, reading what they say as evidence."""

import sys

# py_ecc, which web3 and eth_account bring along, raises the recursion limit of the whole process a
# hundredfold. A node's or a shop's deeply nested JSON would then end it, and not be refused.
_DEPTH = sys.getrecursionlimit()
import py_ecc  # noqa: E402, F401

sys.setrecursionlimit(_DEPTH)
