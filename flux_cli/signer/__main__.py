"""The signer's process: `python -I -m flux_cli.signer FOLDER PURPOSE IN OUT [PASSPHRASE [KEY]]`.

IN and OUT are the descriptors of its private pipe; PASSPHRASE and KEY are descriptors to read a
secret from, `-` for the terminal. PURPOSE is `sign`, or one owner's act: `setup`, `set`, `new`,
`import`, `check`, `remove`, `export`.
"""

from __future__ import annotations

import ctypes
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from flux_cli.signer import encoding, keys
from flux_cli.signer.encoding import Malformed
from flux_cli.signer.judge import judge_call, judge_cancel, judge_payment
from flux_cli.signer.messages import (
    Authorize,
    Cancel,
    Fine,
    Hello,
    Judge,
    Ready,
    Refused,
    Reply,
    Request,
    Setup,
    Signed,
    Unusable,
    Wrap,
    Wrapped,
    next_request,
    send,
)
from flux_cli.signer.policy import Policy, Sealed, read_policy, write_policy
from flux_cli.signer.record import Line, Record

PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core file, no other process of this user looking in; Ctrl-C is the caller's to handle."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError("the process cannot be closed to others")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Signer:
    """The unlocked key, its sealed policy, and the record of what was signed."""

    def __init__(self, folder: Path, secret: keys.Secret) -> None:
        self._secret = secret
        self.address = secret.address
        self._sealed = Sealed(folder, secret.raw())
        self._sealed.policy()
        self._record = Record(folder, self._sealed)

    def answer(self, request: Request) -> Reply:
        """The reply to one request; the record is locked while it is judged and signed."""
        # Read again each time: what the owner has just taken away is not signed any more.
        policy = self._sealed.policy()
        if isinstance(request, Hello):
            return Ready(self.address, write_policy(policy))
        if isinstance(request, Setup):
            return Refused("owner_only", "a signing process takes no policy")
        with self._record.locked():
            now = int(time.time())
            if isinstance(request, Wrap):
                return self._wrap(request, policy, now)
            if isinstance(request, Cancel):
                return self._cancel(request, policy, now)
            return self._judge(request, policy, now)

    def _judge(self, ask: Judge, policy: Policy, now: int) -> Reply:
        wrong = judge_payment(ask, policy, self.address, self._record, now)
        if wrong is not None:
            return wrong
        nonce, terms = encoding.payment_nonce(ask.terms), ask.terms
        line = self._record.authorizations.get(nonce)
        if not isinstance(ask, Authorize):
            return Fine(line.valid_before if line else 0)
        if line is None:
            valid = (ask.valid_after, ask.valid_before)
            line = Line("authorization", now, nonce, terms.payee, terms.units, *valid)
            self._record.add(line)
        digest = encoding.transfer_digest(terms, line.valid_after, line.valid_before)
        return self._signed(digest, line.valid_after, line.valid_before)

    def _signed(self, digest: str, valid_after: int, valid_before: int) -> Signed:
        parity, r, s = self._secret.sign(encoding.hash_bytes(digest))
        return Signed(27 + parity, f"0x{r:064x}", f"0x{s:064x}", valid_after, valid_before)

    def _cancel(self, ask: Cancel, policy: Policy, now: int) -> Reply:
        wrong = judge_cancel(ask, policy, self.address, self._record)
        if wrong is not None:
            return wrong
        self._record.add(Line("cancellation", now, ask.nonce))
        return self._signed(ask.digest, 0, 0)

    def _wrap(self, ask: Wrap, policy: Policy, now: int) -> Reply:
        try:
            unsigned = bytes.fromhex(ask.unsigned.removeprefix("0x"))
        except ValueError:
            raise Malformed("bytes are hexadecimal") from None
        call = encoding.decode_call(unsigned)
        judged = judge_call(call, policy, self.address, self._record, now)
        if isinstance(judged, Refused):
            return judged
        nonce, digest, carried = judged
        parity, r, s = self._secret.sign(encoding.hash_bytes(digest))
        if tuple(int.from_bytes(word) for word in carried) != (27 + parity, r, s):
            return Refused("foreign_signature", "the call carries a signature that is not ours")
        fee = call.gas * call.max_fee_wei
        nonce_used = call.account_nonce
        self._record.add(Line("gas", now, nonce, account_nonce=nonce_used, fee=fee))
        signature = self._secret.sign(encoding.keccak(unsigned))
        raw = encoding.signed_transaction(unsigned, *signature)
        return Wrapped("0x" + raw.hex(), "0x" + encoding.keccak(raw).hex())


def serve(folder: Path, secret: keys.Secret, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the other side closes the pipe; a malformed message ends it."""
    signer = Signer(folder, secret)
    while (request := next_request(source)) is not None:
        try:
            reply = signer.answer(request)
        except Malformed as error:
            reply = Unusable("malformed", str(error))
        send(sink, reply)


def own(
    purpose: str,
    folder: Path,
    source: BinaryIO,
    sink: BinaryIO,
    phrase: int | None,
    given: int | None,
) -> Reply:
    """Carry out one of the owner's acts and say how the wallet then stands."""

    def passphrase() -> str:
        return keys.asked(phrase, "Passphrase of the wallet's keystore")

    if purpose == "remove":
        return Ready(keys.forget(folder), "")
    if purpose in {"set", "new", "set-keystore", "new-keystore"}:
        act, _, where = purpose.partition("-")
        return _set(folder, act, where or "keyring", passphrase, given)
    secret = keys.unlock(folder, passphrase)
    sealed = Sealed(folder, secret.raw())
    if purpose == "export":
        again = keys.asked(given, "Passphrase of the copy")
        keys.write_keystore(folder / "export.json", secret, again)
    if purpose == "setup":
        _setup(folder, sealed, secret, source, sink)
    policy = sealed.policy()
    with Record(folder, sealed).locked():
        return Ready(secret.address, write_policy(policy))


def _setup(
    folder: Path, sealed: Sealed, secret: keys.Secret, source: BinaryIO, sink: BinaryIO
) -> None:
    """Tell the policy as it is, and seal the one that is then given, if one is."""
    with Record(folder, sealed).locked():
        before = sealed.policy()
    send(sink, Ready(secret.address, write_policy(before)))
    request = next_request(source)
    if isinstance(request, Setup):
        sealed.put_policy(read_policy(request.policy))


def _set(
    folder: Path, act: str, where: str, passphrase: Callable[[], str], given: int | None
) -> Ready:
    if (folder / "key").exists():
        raise keys.NoKey("key_exists", "a wallet key is set already; remove it first")
    made = act == "new"
    secret = keys.new_secret() if made else keys.secret_from(keys.asked(given, "Private key"))
    keys.keep(folder, secret, where, passphrase)
    sealed = Sealed(folder, secret.raw())
    try:
        policy = sealed.policy()
    except Malformed:
        policy = Policy()
        sealed.put_policy(policy)
        (folder / "signed").unlink(missing_ok=True)
    Record(folder, sealed).create()
    return Ready(secret.address, write_policy(policy))


def main(argv: list[str]) -> int:
    """Run one signer; every failure is a message on the pipe and never a traceback."""
    harden()
    folder, purpose = Path(argv[0]), argv[1]
    with open(int(argv[2]), "rb") as source, open(int(argv[3]), "wb") as sink:
        phrase, given = (None if text == "-" else int(text) for text in argv[4:6])
        try:
            if purpose != "sign":
                send(sink, own(purpose, folder, source, sink, phrase, given))
                return 0
            what = "Passphrase of the wallet's keystore"
            secret = keys.unlock(folder, lambda: keys.asked(phrase, what))
            serve(folder, secret, source, sink)
        except keys.NoKey as error:
            send(sink, Unusable(error.code, error.reason))
        except Malformed as error:
            send(sink, Unusable("signer_refuses", str(error)))
        except BrokenPipeError:
            return 0  # whoever asked has gone; nothing is left to say
        except OSError as error:
            send(sink, Unusable("signer_failed", f"{type(error).__name__}: {error.strerror}"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
