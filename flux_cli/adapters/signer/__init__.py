"""Starting the signer's process and talking with it over its private pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from flux_cli.adapters.typed import decode
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import Authorization
from flux_cli.errors import Fix, KeyUnavailable, SignerFailed
from flux_cli.signer import messages
from flux_cli.signer.encoding import Malformed
from flux_cli.usecases.settlement_ports import Judged, Leave, WalletPolicy, Wrapped

KEPT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TERM", "DISPLAY", "WAYLAND_DISPLAY"),
    *("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"),
)
"""What of the environment the signer sees: what a keyring and a terminal need, nothing of ours."""

KEY_VARIABLES = (
    *("FLUX_WALLET_KEY", "FLUX_PRIVATE_KEY", "PRIVATE_KEY", "WALLET_PRIVATE_KEY"),
    *("ETH_PRIVATE_KEY", "ARC_PRIVATE_KEY"),
)

MISSING_KEY = frozenset({"no_key", "key_missing"})


def refuse_environment_key() -> None:
    """Raise `KeyUnavailable` where a key is in the environment, which every program here reads."""
    for name in KEY_VARIABLES:
        if os.environ.get(name):
            raise KeyUnavailable(
                f"{name} is set: a wallet key in the environment is read by every program you"
                " start, so it is refused; unset it and put a fresh key in the keyring",
                subject=name,
                fixes=(Fix("keep a key", ("flux", "wallet-key", "set")),),
            )


class SignerProcess:
    """One signer, started when it is first asked and ended with the pipe.

    `passphrase` is a descriptor that the keystore's passphrase is read from by the signer itself;
    None lets it ask at the terminal.
    """

    def __init__(self, folder: Path, passphrase: int | None = None) -> None:
        self.folder = folder
        self._passphrase = passphrase
        self._process: subprocess.Popen[bytes] | None = None
        self._pipes: tuple[BinaryIO, BinaryIO] | None = None
        self._ready: messages.Ready | None = None

    def address(self) -> str:
        """The wallet's address."""
        return self._greeted().address

    def policy(self) -> WalletPolicy:
        """The sealed policy, as the signer itself reads it."""
        return _policy(self._greeted())

    def judge(self, leave: Leave) -> Judged:
        """Why it would not authorize this, if it would not, and until when it has before."""
        reply = self._ask(messages.Judge(*_fields(leave)))
        if isinstance(reply, messages.Fine):
            return Judged(None, reply.signed_until)
        refusal = _refusal(reply)
        used = refusal.code == "permit_used"
        return Judged(refusal, (refusal.observed or 0) if used else 0)

    def authorize(self, leave: Leave) -> Authorization | Refusal:
        """The signature that lets it be paid."""
        return _authorization(self._ask(messages.Authorize(*_fields(leave))))

    def cancel(self, terms: Terms, nonce: str, digest: str) -> Authorization | Refusal:
        """The signature that makes an authorization worthless."""
        return _authorization(
            self._ask(messages.Cancel(terms.chain_id, terms.token, nonce, digest))
        )

    def wrap(self, unsigned: str) -> Wrapped | Refusal:
        """The transaction, signed."""
        reply = self._ask(messages.Wrap(unsigned))
        if isinstance(reply, messages.Wrapped):
            return Wrapped(reply.raw, reply.tx_hash)
        return _refusal(reply)

    def own(self, purpose: str, *, key: int | None = None) -> tuple[str, WalletPolicy | None]:
        """Carry out one of the owner's acts in a process of its own: address and policy after it.

        `key` is a descriptor the signer reads a secret from. Raises `KeyUnavailable`,
        `SignerFailed`.
        """
        with self._owner(purpose, key) as (source, _):
            reply = _ready(source)
        return reply.address, _policy(reply) if reply.policy else None

    def change_policy(self, change: Callable[[WalletPolicy], WalletPolicy | None]) -> WalletPolicy:
        """Have a fresh signer seal what `change` makes of the policy; None leaves it as it is.

        Raises `KeyUnavailable`, `SignerFailed`, and what `change` raises.
        """
        with self._owner("setup", None) as (source, sink):
            before = _policy(_ready(source))
            wanted = change(before)
            if wanted is None or wanted == before:
                return before
            messages.send(sink, messages.Setup(msgspec.json.encode(wanted).decode()))
            return _policy(_ready(source))

    @contextmanager
    def _owner(self, purpose: str, key: int | None) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        refuse_environment_key()
        process, source, sink = self._start(purpose, key)
        try:
            yield source, sink
        finally:
            sink.close()
            source.close()
            process.wait()

    def close(self) -> None:
        """End the process."""
        process, pipes, self._process, self._pipes = self._process, self._pipes, None, None
        self._ready = None
        for pipe in pipes or ():
            with suppress(BrokenPipeError):  # it had ended before
                pipe.close()
        if process is not None:
            process.wait()

    def _greeted(self) -> messages.Ready:
        if self._ready is None:
            reply = self._ask(messages.Hello())
            if not isinstance(reply, messages.Ready):
                raise _failure(reply)
            self._ready = reply
        return self._ready

    def _ask(self, request: messages.Message) -> messages.Reply:
        if self._pipes is None:
            refuse_environment_key()
            self._process, *pipes = self._start("sign", None)
            self._pipes = (pipes[0], pipes[1])
        source, sink = self._pipes
        with suppress(BrokenPipeError):  # it ended before it was asked, and has said why
            messages.send(sink, request)
        reply = _read(source)
        if isinstance(reply, messages.Unusable):
            raise _failure(reply)
        return reply

    def _start(
        self, purpose: str, key: int | None
    ) -> tuple[subprocess.Popen[bytes], BinaryIO, BinaryIO]:
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        given = (self._passphrase, key)
        argv = [sys.executable, "-I", "-m", "flux_cli.signer", str(self.folder), purpose]
        argv += [str(theirs_in), str(theirs_out)]
        argv += ["-" if one is None else str(one) for one in given]
        kept = [one for one in (theirs_in, theirs_out, *given) if one is not None]
        try:
            process = _spawned(argv, kept)
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return process, os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")


def _spawned(argv: list[str], descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        pass_fds=tuple(descriptors),
    )


def _read(source: BinaryIO) -> messages.Reply:
    try:
        reply = messages.next_reply(source)
    except Malformed as error:
        raise SignerFailed(f"the signer said what it should not: {error}") from None
    if reply is None:
        raise SignerFailed("the signer ended without an answer")
    return reply


def _ready(source: BinaryIO) -> messages.Ready:
    reply = _read(source)
    if not isinstance(reply, messages.Ready):
        raise _failure(reply)
    return reply


def _policy(reply: messages.Ready) -> WalletPolicy:
    return decode(reply.policy, WalletPolicy)


def _fields(leave: Leave) -> tuple[Terms, str, str, int, int, str]:
    valid = (leave.valid_after, leave.valid_before)
    return (leave.terms, leave.merchant, leave.spend, *valid, leave.digest)


def _authorization(reply: messages.Reply) -> Authorization | Refusal:
    if isinstance(reply, messages.Signed):
        return Authorization(reply.v, reply.r, reply.s, reply.valid_after, reply.valid_before)
    return _refusal(reply)


def _refusal(reply: messages.Reply) -> Refusal:
    if isinstance(reply, messages.Refused):
        money = reply.rule in {"per_payment", "per_day", "budget"}
        unit = "money" if money else "count"
        return Refusal(reply.rule, reply.reason, reply.limit, reply.observed, unit)
    raise _failure(reply)


def _failure(reply: messages.Reply) -> KeyUnavailable | SignerFailed:
    if not isinstance(reply, messages.Unusable):
        return SignerFailed("the signer answered something else than it was asked")
    if reply.code in {"signer_refuses", "signer_failed", "malformed"}:
        return SignerFailed(reply.reason, subject=reply.code)
    fixes: tuple[Fix, ...] = ()
    if reply.code in MISSING_KEY:
        fixes = (Fix("set one", ("flux", "wallet-key", "set")),)
    if reply.code == "no_keyring":
        fixes = (Fix("use a keystore", ("flux", "wallet-key", "set", "--keystore")),)
    return KeyUnavailable(reply.reason, subject=reply.code, fixes=fixes)


def address_in(folder: Path) -> str:
    """The address of the key that was set, from what is beside it. Raises `KeyUnavailable`."""
    from flux_cli.signer.keys import NoKey, read_place

    try:
        return read_place(folder)[1]
    except NoKey as error:
        raise _failure(messages.Unusable(error.code, error.reason)) from None
