"""`AsyncAgentPaySDK`: the same methods on a Flux server, for asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from types import TracebackType
from typing import Concatenate, ParamSpec, TypeVar

from flux_cli.entrypoints.sdk import remote_asks as asks
from flux_cli.entrypoints.sdk import remote_holds as holds
from flux_cli.entrypoints.sdk.remote_client import AsyncRemote
from flux_cli.entrypoints.sdk.remote_wire import Server, Talk

P = ParamSpec("P")
R = TypeVar("R")


def _method(
    talk: Callable[P, Talk[R]],
) -> Callable[Concatenate[AsyncAgentPaySDK, P], Awaitable[R]]:
    """A talk as a method: the same arguments, and what it comes to is awaited."""

    @wraps(talk)
    async def called(self: AsyncAgentPaySDK, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._remote.call(talk(*args, **kwargs))

    return called


class AsyncAgentPaySDK:
    """Agents with wallets and limits on a Flux server; see `AgentPaySDK` for every method.

    Use it in `async with`, or await `close`; from one event loop.
    """

    def __init__(
        self, *, api_key: str, base_url: str, timeout: float = 30.0, attempts: int = 5
    ) -> None:
        self._remote = AsyncRemote(Server(base_url, api_key, timeout, attempts))

    def __repr__(self) -> str:
        return f"AsyncAgentPaySDK(base_url={self._remote.server.url!r})"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._remote.close()

    async def __aenter__(self) -> AsyncAgentPaySDK:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    register_agent = _method(asks.register_agent)
    get_agent = _method(asks.get_agent)
    agent_exists = _method(asks.agent_exists)
    list_agents = _method(asks.list_agents)
    update_agent_policy = _method(asks.update_agent_policy)
    pause_agent = _method(asks.pause_agent)
    unpause_agent = _method(asks.unpause_agent)
    fund_agent = _method(asks.fund_agent)
    get_balance = _method(asks.get_balance)
    get_wallet = _method(asks.get_wallet)
    pay = _method(asks.pay)
    get_payment_status = _method(asks.get_payment_status)
    get_payment = _method(asks.get_payment)
    approve_payment = _method(asks.approve_payment)
    deny_payment = _method(asks.deny_payment)
    transfer_to_agent = _method(asks.transfer_to_agent)
    create_escrow = _method(holds.create_escrow)
    release_escrow = _method(holds.release_escrow)
    cancel_escrow = _method(holds.cancel_escrow)
    get_escrow = _method(holds.get_escrow)
    list_agent_escrows = _method(holds.list_agent_escrows)
    get_transaction_history = _method(asks.get_transaction_history)
    get_transaction_by_reference = _method(asks.get_transaction_by_reference)
    get_agent_earnings = _method(asks.get_agent_earnings)
    get_agent_expenses = _method(asks.get_agent_expenses)
    get_agent_balance_summary = _method(asks.get_agent_balance_summary)
    get_agent_stats = _method(asks.get_agent_stats)
    request_payment_card = _method(holds.request_payment_card)
    get_card_details = _method(holds.get_card_details)
    charge_card = _method(holds.charge_card)
    cancel_card = _method(holds.cancel_card)
