"""What the product does: one verb a module, gather → decide → apply.

A use case reads facts, lets pure code decide, and writes in one short transaction. It talks to
the outside world only through `ports`, and never while a transaction is open.
"""
