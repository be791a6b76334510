# pragma version 0.4.3
# pragma evm-version cancun
"""
A test token that behaves as USDC does on Arc: one balance in two views (native, 18 decimals; this
contract, 6), EIP-3009 and EIP-2612, a blocklist, and a second log from the system's address.

It has no constructor: its runtime code is put at 0x3600…0000 of a local node whose precompile
0xfd moves native money for any caller (anvil --celo). It is for tests: anybody may block.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    units: uint256

event Approval:
    holder: indexed(address)
    spender: indexed(address)
    units: uint256

event AuthorizationUsed:
    authorizer: indexed(address)
    nonce: indexed(bytes32)

event AuthorizationCanceled:
    authorizer: indexed(address)
    nonce: indexed(bytes32)

interface SystemLog:
    def moved(sender: address, receiver: address, wei_amount: uint256): nonpayable

MOVE: constant(address) = 0x00000000000000000000000000000000000000fd
SYSTEM: constant(address) = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE
SCALE: constant(uint256) = 10**12
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
TRANSFER_TYPE: constant(bytes32) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
RECEIVE_TYPE: constant(bytes32) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL_TYPE: constant(bytes32) = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)")
PERMIT_TYPE: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)

allowance: public(HashMap[address, HashMap[address, uint256]])
authorizationState: public(HashMap[address, HashMap[bytes32, bool]])
isBlacklisted: public(HashMap[address, bool])
nonces: public(HashMap[address, uint256])


@external
@pure
def name() -> String[4]:
    return "USDC"


@external
@pure
def symbol() -> String[4]:
    return "USDC"


@external
@pure
def version() -> String[1]:
    return "2"


@external
@pure
def decimals() -> uint8:
    return 6


@internal
@view
def _domain() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPE, keccak256("USDC"), keccak256("2"), chain.id, self))


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    return self._domain()


@external
@view
def balanceOf(holder: address) -> uint256:
    return holder.balance // SCALE


@internal
def _move(sender: address, receiver: address, units: uint256):
    assert receiver != empty(address), "ERC20: transfer to the zero address"
    assert not self.isBlacklisted[sender], "Blacklistable: account is blacklisted"
    assert not self.isBlacklisted[receiver], "Blacklistable: account is blacklisted"
    assert sender.balance // SCALE >= units, "ERC20: transfer amount exceeds balance"
    raw_call(MOVE, abi_encode(sender, receiver, units * SCALE))
    extcall SystemLog(SYSTEM).moved(sender, receiver, units * SCALE)
    log Transfer(sender=sender, receiver=receiver, units=units)


@external
def transfer(receiver: address, units: uint256) -> bool:
    self._move(msg.sender, receiver, units)
    return True


@external
def approve(spender: address, units: uint256) -> bool:
    self.allowance[msg.sender][spender] = units
    log Approval(holder=msg.sender, spender=spender, units=units)
    return True


@external
def transferFrom(sender: address, receiver: address, units: uint256) -> bool:
    self.allowance[sender][msg.sender] -= units
    self._move(sender, receiver, units)
    return True


@internal
@view
def _check_signer(digest: bytes32, v: uint8, r: bytes32, s: bytes32, who: address):
    typed: bytes32 = keccak256(concat(b"\x19\x01", self._domain(), digest))
    signer: address = ecrecover(typed, v, r, s)
    assert signer != empty(address) and signer == who, "FiatTokenV2: invalid signature"


@internal
def _use(who: address, nonce: bytes32, valid_after: uint256, valid_before: uint256):
    assert block.timestamp > valid_after, "FiatTokenV2: authorization is not yet valid"
    assert block.timestamp < valid_before, "FiatTokenV2: authorization is expired"
    assert not self.authorizationState[who][nonce], "FiatTokenV2: authorization is used or canceled"
    self.authorizationState[who][nonce] = True
    log AuthorizationUsed(authorizer=who, nonce=nonce)


@external
def transferWithAuthorization(
    sender: address, receiver: address, units: uint256,
    validAfter: uint256, validBefore: uint256, nonce: bytes32,
    v: uint8, r: bytes32, s: bytes32,
):
    self._check_signer(
        keccak256(abi_encode(
            TRANSFER_TYPE, sender, receiver, units, validAfter, validBefore, nonce
        )), v, r, s, sender,
    )
    self._use(sender, nonce, validAfter, validBefore)
    self._move(sender, receiver, units)


@external
def receiveWithAuthorization(
    sender: address, receiver: address, units: uint256,
    validAfter: uint256, validBefore: uint256, nonce: bytes32,
    v: uint8, r: bytes32, s: bytes32,
):
    assert receiver == msg.sender, "FiatTokenV2: caller must be the payee"
    self._check_signer(
        keccak256(abi_encode(
            RECEIVE_TYPE, sender, receiver, units, validAfter, validBefore, nonce
        )), v, r, s, sender,
    )
    self._use(sender, nonce, validAfter, validBefore)
    self._move(sender, receiver, units)


@external
def cancelAuthorization(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    self._check_signer(keccak256(abi_encode(CANCEL_TYPE, authorizer, nonce)), v, r, s, authorizer)
    assert not self.authorizationState[authorizer][nonce], "FiatTokenV2: authorization is used or canceled"
    self.authorizationState[authorizer][nonce] = True
    log AuthorizationCanceled(authorizer=authorizer, nonce=nonce)


@external
def permit(
    holder: address, spender: address, units: uint256, deadline: uint256,
    v: uint8, r: bytes32, s: bytes32,
):
    assert deadline >= block.timestamp, "FiatTokenV2: permit is expired"
    self._check_signer(
        keccak256(abi_encode(
            PERMIT_TYPE, holder, spender, units, self.nonces[holder], deadline
        )), v, r, s, holder,
    )
    self.nonces[holder] += 1
    self.allowance[holder][spender] = units
    log Approval(holder=holder, spender=spender, units=units)


@external
def blacklist(account: address, blocked: bool):
    self.isBlacklisted[account] = blocked
