"""What the shell is told: one number for each kind of ending (UX.md §2)."""

from __future__ import annotations

from enum import IntEnum

from flux_cli import errors


class ExitCode(IntEnum):
    """The whole set of numbers a flux command ends with."""

    OK = 0
    BUG = 1
    USAGE = 2
    DENIED = 3
    AUTH = 4
    UNKNOWN_ID = 5
    FUNDS = 6
    TEMPORARY = 7
    CONFLICT = 8
    INTEGRITY = 9
    PENDING = 10
    INTERRUPTED = 130
    READER_LEFT = 141
    TERMINATED = 143


BY_ERROR: tuple[tuple[type[errors.FluxError], ExitCode], ...] = (
    (errors.InvalidInput, ExitCode.USAGE),
    (errors.InvalidAmount, ExitCode.USAGE),
    (errors.InvalidConfig, ExitCode.USAGE),
    (errors.InvalidPolicy, ExitCode.USAGE),
    (errors.InvalidScenario, ExitCode.USAGE),
    (errors.CannotPlan, ExitCode.USAGE),
    (errors.MissingExtra, ExitCode.USAGE),
    (errors.NotFound, ExitCode.UNKNOWN_ID),
    (errors.AmbiguousId, ExitCode.UNKNOWN_ID),
    (errors.KeyReused, ExitCode.CONFLICT),
    (errors.WrongState, ExitCode.CONFLICT),
    (errors.Frozen, ExitCode.CONFLICT),
    (errors.OwnerRequired, ExitCode.AUTH),
    (errors.KeyringUnusable, ExitCode.AUTH),
    (errors.InsufficientFunds, ExitCode.FUNDS),
    (errors.LedgerBusy, ExitCode.TEMPORARY),
    # A full or read-only disk is a state of the machine: nothing was half done, and the same
    # command works once it is mended. The document still says retryable: false, because
    # waiting alone mends nothing.
    (errors.StorageFailed, ExitCode.TEMPORARY),
    # Where the ledger was asked to live is a choice that was typed or configured.
    (errors.UnsafeStorage, ExitCode.USAGE),
    (errors.LedgerCorrupt, ExitCode.INTEGRITY),
    (errors.NewerSchema, ExitCode.INTEGRITY),
    (errors.ShopFailed, ExitCode.TEMPORARY),
    (errors.ShopRefused, ExitCode.CONFLICT),
    (errors.ServerFailed, ExitCode.TEMPORARY),
    # A specialist is a provider that failed; nobody refused, so 3 would be a lie.
    (errors.WorkFailed, ExitCode.TEMPORARY),
    (errors.ChainUnavailable, ExitCode.TEMPORARY),
    (errors.WrongChain, ExitCode.USAGE),
    (errors.KeyUnavailable, ExitCode.AUTH),
    # Its policy or record was changed behind its back: nothing is signed until a human looked.
    (errors.SignerFailed, ExitCode.INTEGRITY),
)
"""Each failure and its number; a test proves that no `FluxError` is without a row."""


def exit_code_of(error: errors.FluxError) -> ExitCode:
    """The number for `error`: its own row, else its nearest parent's, else a bug."""
    table = dict(BY_ERROR)
    return next((table[kind] for kind in type(error).__mro__ if kind in table), ExitCode.BUG)


MEANINGS: tuple[tuple[ExitCode, str, str], ...] = (
    (ExitCode.OK, "done; reading an object that was denied is still 0", "-"),
    (ExitCode.BUG, "a bug in flux; the message names a crash file", "no"),
    (ExitCode.USAGE, "the command line or a configuration file cannot be used", "no"),
    (ExitCode.DENIED, "denied by policy, kernel or quorum", "adjusted only"),
    (ExitCode.AUTH, "a key is missing or invalid, or the keyring is unusable", "after the fix"),
    (ExitCode.UNKNOWN_ID, "no such id, or more than one with that prefix", "no"),
    (ExitCode.FUNDS, "funds, a budget or a brain-cost cap are exhausted", "after a top-up"),
    (ExitCode.TEMPORARY, "a provider, chain, disk or lock did not answer", "yes"),
    (ExitCode.CONFLICT, "key reused, card used, plan stale, agent paused", "no"),
    (ExitCode.INTEGRITY, "the ledger does not sum, its chain is broken, or it is newer", "stop"),
    (ExitCode.PENDING, "pending, or the outcome is not known yet", "same id, never a new key"),
    (ExitCode.INTERRUPTED, "interrupted (Ctrl-C); holds are safe", "resume"),
    (ExitCode.READER_LEFT, "whoever read the output closed it (… | head)", "-"),
    (ExitCode.TERMINATED, "terminated (SIGTERM); holds are safe", "resume"),
)
"""Code, meaning, and whether the same command is worth repeating."""
