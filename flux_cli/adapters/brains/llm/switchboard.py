"""Calls to models: one event loop for all of them, deadlines that hold, retries in one place."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from flux_cli.adapters.brains.llm.breaker import MOST_FAILURES, Breaker
from flux_cli.adapters.brains.llm.client import open_client, post
from flux_cli.adapters.brains.llm.endpoint import Endpoint, NoAnswer
from flux_cli.adapters.brains.llm.meter import Meter
from flux_cli.adapters.brains.llm.prompts import MOST_TOKENS, Rung
from flux_cli.adapters.brains.llm.reply import usage_in
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import BallotError

if TYPE_CHECKING:
    import httpx2

A = TypeVar("A")

MOST_ATTEMPTS = 3
UNKNOWN_FORM = frozenset({400, 415, 422})
"""What a server says to a way of asking that it does not know."""

GRACE_SECONDS = 1.0
"""How much later than the deadline a caller stops waiting for a loop that is stuck."""


@dataclass(slots=True)
class Bill:
    """What one question has cost so far, answered or not."""

    cost: Money = field(default_factory=lambda: Money(0))
    tokens: int = 0


class Asking(Protocol):
    """How a question is put, rung by rung, and the form found in what the server answers.

    `mended` says whether an answer that is not in its form is asked for once more.
    """

    @property
    def mended(self) -> bool: ...

    @property
    def digest(self) -> str: ...

    def body(self, model: str, rung: Rung, fault: str) -> dict[str, Any]: ...

    def form(self, raw: bytes, rung: Rung) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Call(Generic[A]):
    """One question to one model; `read` makes the answer of a filled-in form.

    `soft_seconds` is how long after its start another attempt may begin. `subject` is what the
    costs are counted for, `allowance` the most that may be.
    """

    endpoint: Endpoint
    prompt: Asking
    read: Callable[[dict[str, Any]], A]
    soft_seconds: float
    subject: str = ""
    allowance: Money | None = None
    secret: str | None = field(default=None, repr=False)


class Switchboard:
    """Asks models. What it learns of a server, and which one rests, it keeps for the process."""

    def __init__(self, meter: Meter, clock: Callable[[], float] = time.monotonic) -> None:
        self.meter = meter
        self._clock = clock
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx2.AsyncClient | None = None
        self._breakers: dict[str, Breaker] = {}
        self._rungs: dict[tuple[str, str], Rung] = {}

    def ask(self, call: Call[A], bill: Bill) -> A:
        """The model's answer, waited for in this thread; raises `NoAnswer`, never later than due.

        `bill` is filled in whether or not there is an answer.
        """
        seconds = call.endpoint.seconds
        waiting = asyncio.run_coroutine_threadsafe(self._ask(call, bill), self._running())
        try:
            return waiting.result(seconds + GRACE_SECONDS)
        except (TimeoutError, CancelledError):
            waiting.cancel()
            raise NoAnswer(BallotError.TIMEOUT, f"no answer in {seconds:g} s") from None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A daemon: what is still on its way keeps no process alive.
                work = threading.Thread(target=self._loop.run_forever, daemon=True)
                work.name = "flux-models"
                work.start()
            return self._loop

    async def _ask(self, call: Call[A], bill: Bill) -> A:
        endpoint = call.endpoint
        breaker = self._breakers.setdefault(endpoint.provider, Breaker(self._clock))
        if not breaker.allows():
            raise NoAnswer(
                BallotError.TRANSPORT,
                f"{endpoint.provider} failed {MOST_FAILURES} times in a row and is left alone",
            )
        try:
            async with asyncio.timeout(endpoint.seconds):
                answer = await self._climb(call, bill)
        except TimeoutError:
            breaker.failed()
            late = f"no answer in {endpoint.seconds:g} s"
            raise NoAnswer(BallotError.TIMEOUT, late) from None
        except NoAnswer as error:
            if error.error in (BallotError.TIMEOUT, BallotError.TRANSPORT):
                breaker.failed()
            elif error.error is not BallotError.COST_CAP:
                breaker.answered()
            raise
        breaker.answered()
        return answer

    async def _climb(self, call: Call[A], bill: Bill) -> A:
        """Ask on the highest rung the server knows, and once more if the form is not right."""
        endpoint = call.endpoint
        server = (endpoint.base_url, endpoint.model)
        rung, mended = self._rungs.get(server, Rung.SCHEMA), ""
        until = self._clock() + call.soft_seconds
        while True:
            body = call.prompt.body(endpoint.model, rung, mended)
            try:
                raw = await self._paid(call, body, until, bill)
            except NoAnswer as error:
                if error.status not in UNKNOWN_FORM or rung is Rung.TEXT:
                    raise
                rung = Rung(rung + 1)
                continue
            try:
                form = call.prompt.form(raw, rung)
            except NoAnswer as error:
                # It does not keep to the form it was given, so it is asked in words.
                fault, after = error, Rung.TEXT
            else:
                self._rungs[server] = rung
                try:
                    return call.read(form)
                except NoAnswer as error:
                    fault, after = error, rung
            if fault.error is not BallotError.SCHEMA or mended or not call.prompt.mended:
                raise fault
            mended, rung = fault.detail, after

    async def _paid(self, call: Call[A], body: dict[str, Any], until: float, bill: Bill) -> bytes:
        """The answer to one request, if the most it may cost can be set aside."""
        endpoint, meter = call.endpoint, self.meter
        # A token is at least one byte, so there are no more tokens than bytes.
        most = endpoint.cost(len(json.dumps(body)), MOST_TOKENS)
        if not meter.reserve(call.subject, most, call.allowance):
            raise NoAnswer(
                BallotError.COST_CAP, f"it may cost {most.decimal}, more than is left for models"
            )
        try:
            raw = await self._tried(call, body, until)
        except NoAnswer as error:
            if error.error is BallotError.TRANSPORT:
                meter.settle(call.subject, most, Money(0))
            elif error.error is BallotError.SCHEMA:
                bill.cost += most  # it answered, with more than can be read
            raise
        used = usage_in(raw)
        # Who does not say, or says too much, is billed what was set aside.
        cost = most if used is None else min(endpoint.cost(*used), most)
        meter.settle(call.subject, most, cost)
        bill.cost += cost
        bill.tokens += 0 if used is None else sum(used)
        return raw

    async def _tried(self, call: Call[A], body: dict[str, Any], until: float) -> bytes:
        """Up to three attempts, as long as another may begin; the server says how far apart."""
        import stamina

        stamina.instrumentation.set_on_retry_hooks(())  # it would write to the terminal

        def again(error: Exception) -> bool | float:
            if not isinstance(error, NoAnswer) or error.again_after is None:
                return False
            return self._clock() + error.again_after < until and error.again_after

        if self._client is None:
            self._client = open_client()
        async for attempt in stamina.retry_context(on=again, attempts=MOST_ATTEMPTS, timeout=None):
            with attempt:
                return await post(self._client, call.endpoint, call.secret, body)
        raise AssertionError("the last attempt raises or returns")
