"""The failures, named. A refusal is a value (`kernel.verdict.Denied`); a bug is an assert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing the reader can do: a sentence, and the command that does it where there is one."""

    say: str
    argv: tuple[str, ...] = ()


class FluxError(Exception):
    """A failure with a stable `code`; the front end that shows it owns its exit code.

    `subject` names the object it concerns (an id, a path), `param` the option or field at fault,
    `fixes` what to do next, most useful first.
    """

    code: ClassVar[str] = "flux_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        param: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.param = param
        self.fixes = fixes


class InvalidInput(FluxError):
    """What was typed, or a file that was named, cannot be used as it is."""

    code = "invalid_input"


class InvalidAmount(InvalidInput):
    """Text is not an amount of money in this asset, or is outside the bounds of one."""

    code = "invalid_amount"


class InvalidConfig(InvalidInput):
    """A configuration file, or an environment variable, does not hold what it should."""

    code = "invalid_config"


class InvalidPolicy(InvalidInput):
    """A policy's document holds what a policy has not, or lacks what it needs."""

    code = "invalid_policy"


class InvalidScenario(InvalidInput):
    """A scenario's folder is missing a part, or a part of it cannot be used."""

    code = "invalid_scenario"


class CannotPlan(InvalidInput):
    """No plan follows from the goal; the message names the nearest scenarios."""

    code = "cannot_plan"


class MissingExtra(InvalidInput):
    """The command needs an optional dependency that is not installed."""

    code = "missing_extra"


class NotFound(FluxError):
    """No object has this id, name or prefix."""

    code = "not_found"


class AmbiguousId(FluxError):
    """More than one object has this prefix."""

    code = "ambiguous_id"


class KeyReused(FluxError):
    """The idempotency key already names a different request."""

    code = "key_reused"


class WrongState(FluxError):
    """The object is not in a state in which this can be done to it."""

    code = "wrong_state"


class Frozen(FluxError):
    """The owner froze the economy or the agent; nothing new starts until it is thawed."""

    code = "frozen"


class OwnerRequired(FluxError):
    """Only the owner may do this, and nobody has proved to be the owner."""

    code = "owner_not_proved"


class KeyringUnusable(FluxError):
    """The system's keyring is missing, locked or broken, or does not keep what it is given."""

    code = "keyring_unusable"


class InsufficientFunds(FluxError):
    """A posting would overdraw an account."""

    code = "insufficient_funds"


class LedgerBusy(FluxError):
    """Another process kept the ledger longer than the time-out."""

    code = "ledger_busy"
    retryable = True


class StorageFailed(FluxError):
    """The disk or its file system refused a read or a write."""

    code = "storage_failed"


class UnsafeStorage(FluxError):
    """The ledger cannot be kept safely where it was asked to be."""

    code = "unsafe_storage"


class LedgerCorrupt(FluxError):
    """The ledger does not agree with itself, or with the head kept beside it."""

    code = "ledger_corrupt"


class NewerSchema(FluxError):
    """The ledger was written by a newer Flux."""

    code = "newer_schema"


class ShopFailed(FluxError):
    """A shop did not answer, or answered what cannot be so."""

    code = "shop_failed"
    retryable = True


class ShopRefused(ShopFailed):
    """A shop said no: asking the same again gets the same answer."""

    code = "shop_refused"
    retryable = False


class ServerFailed(FluxError):
    """A Flux server did not answer, or not as one does; what was asked may have been done."""

    code = "server_failed"
    retryable = True


class WorkFailed(FluxError):
    """A specialist could not do its work; the message says why."""

    code = "work_failed"


class ChainUnavailable(FluxError):
    """No node of the chain gave an answer that can be used; what was sent may have arrived."""

    code = "chain_unavailable"
    retryable = True


class WrongChain(FluxError):
    """A node is of another chain than the one that is configured and allowed."""

    code = "wrong_chain"


class KeyUnavailable(FluxError):
    """The wallet key is not set, or what keeps it does not give it to the signer."""

    code = "key_unavailable"


class SignerFailed(FluxError):
    """The signer's process, its sealed policy or its record is not as it must be."""

    code = "signer_failed"
