"""The public door for Python: `from flux_cli.sdk import AgentPaySDK, Policy, PaymentStatus`.

`AsyncAgentPaySDK` has the same methods on a server, for asyncio.

It re-exports, as nothing else does, because programs are promised this name.
"""

from flux_cli.entrypoints.sdk.async_client import AsyncAgentPaySDK
from flux_cli.entrypoints.sdk.client import AgentPaySDK
from flux_cli.entrypoints.sdk.objects import (
    Agent,
    Escrow,
    EscrowResult,
    EscrowStatus,
    LedgerEntry,
    PaymentIntent,
    PaymentResult,
    PaymentStatus,
    Policy,
    Wallet,
)
from flux_cli.usecases.agent_history import EntryType

__all__ = [
    "Agent",
    "AgentPaySDK",
    "AsyncAgentPaySDK",
    "EntryType",
    "Escrow",
    "EscrowResult",
    "EscrowStatus",
    "LedgerEntry",
    "PaymentIntent",
    "PaymentResult",
    "PaymentStatus",
    "Policy",
    "Wallet",
]
