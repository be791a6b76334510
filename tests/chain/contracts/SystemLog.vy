# pragma version 0.4.3
# pragma evm-version cancun
"""
The system's address of a test chain: it logs each native movement with 18 decimals, as Arc does.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    wei_amount: uint256


@external
def moved(sender: address, receiver: address, wei_amount: uint256):
    assert msg.sender == 0x3600000000000000000000000000000000000000, "only the token"
    log Transfer(sender=sender, receiver=receiver, wei_amount=wei_amount)
