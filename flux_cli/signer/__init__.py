"""The signer: a process of its own that holds the wallet key and decides itself what it signs.

Of the other rooms it imports one module of plain values. It has no network, no brain, no plugin;
it reads typed messages from a private pipe, decodes the bytes it is to sign and judges those, by a
policy only the key can seal.
"""
