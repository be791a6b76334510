"""The SDK's remote mode beyond its methods: keys, repetitions, failures, and where a key goes."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stamina

from flux_cli.domain.api_keys import Scope
from flux_cli.entrypoints.sdk.remote_wire import Ask, Told
from flux_cli.errors import KeyReused, LedgerBusy, ServerFailed
from flux_cli.sdk import AgentPaySDK, AsyncAgentPaySDK, Policy
from tests.entrypoints.sdk.served import Served

KEY = "flux_test_0123456789abcdefghjkmnpqrstvwxyz"

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def at_once() -> Iterator[None]:
    """Repetitions do not wait."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


def reply(status: int, body: object = None, **headers: str) -> Answer:
    """Answer with JSON, or with bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True
    handler.connection.close()


class Scripted:
    """A server that answers as it is told, the last answer over and over; `seen` is what came."""

    def __init__(self, *answers: Answer) -> None:
        self.seen = list[tuple[str, str, dict[str, str], Any]]()
        script, seen = list(answers), self.seen

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen.append((self.command, self.path, headers, json.loads(data or b"null")))
                (script.pop(0) if len(script) > 1 else script[0])(self)

            do_GET = do_POST = do_PUT = _any  # noqa: N815 - the library's names

            def log_request(self, code: object = "", size: object = "") -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    @property
    def keys(self) -> list[str]:
        return [headers.get("idempotency-key", "") for _, _, headers, _ in self.seen]


@contextmanager
def scripted(*answers: Answer) -> Iterator[tuple[Scripted, AgentPaySDK]]:
    server = Scripted(*answers)
    try:
        with AgentPaySDK(api_key=KEY, base_url=server.url, timeout=20) as sdk:
            yield server, sdk
    finally:
        server.close()


MONEY = {"amount_minor": 50_000, "currency": "CREDIT", "exponent": 6, "decimal": "0.050000"}
SIDE = {
    "id": "ent_1", "agent": "alice", "delta": MONEY, "entry_type": "top_up", "memo": "",
    "reference_id": "ent_1", "balance_after": MONEY, "counterparty": None,
    "created_at": "2026-11-22T12:00:00Z",
}  # fmt: skip


def problem(code: str, detail: str = "because") -> dict[str, object]:
    return {"code": code, "detail": detail}


def test_a_repetition_has_the_key_of_its_first_and_another_call_another() -> None:
    again = [
        hang_up,
        reply(503, problem("ledger_busy"), Retry_After="1"),
        reply(429, problem("rate_limited"), Retry_After="1"),
        reply(409, problem("idempotency_in_flight"), Retry_After="1"),
        reply(201, SIDE),
    ]
    with scripted(*again) as (server, sdk):
        assert sdk.fund_agent("alice", 5).delta_amount == 5
        assert sdk.fund_agent("alice", 5).delta_amount == 5

    assert len(server.keys) == 6
    assert len(set(server.keys[:5])) == 1
    assert server.keys[5] not in ("", server.keys[0])
    assert all(body == {"amount": "0.050000", "memo": ""} for *_, body in server.seen)


def test_a_server_that_never_gets_to_it_is_a_failure_that_may_be_repeated() -> None:
    for answer in (hang_up, reply(503, problem("overloaded")), reply(502, b"<html>")):
        with scripted(answer) as (server, sdk):
            with pytest.raises(ServerFailed) as caught:
                sdk.get_balance("alice")
            assert caught.value.retryable
            assert len(server.seen) == 5
    with (
        AgentPaySDK(api_key=KEY, base_url="http://127.0.0.1:1", attempts=2) as nobody,
        pytest.raises(ServerFailed, match="does not answer: ConnectError"),
    ):
        nobody.list_agents()


def test_a_request_has_its_time() -> None:
    leave = threading.Event()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        leave.wait(60)
        hang_up(handler)

    server = Scripted(slowly)
    try:
        with (
            AgentPaySDK(api_key=KEY, base_url=server.url, timeout=0.05, attempts=2) as sdk,
            pytest.raises(ServerFailed, match="ReadTimeout"),
        ):
            sdk.list_agents()
    finally:
        leave.set()
        server.close()


def test_what_is_wrong_is_not_asked_again() -> None:
    for status, code, error in (
        (401, "unauthorized", PermissionError),
        (403, "scope_missing", PermissionError),
        (409, "wrong_state", ValueError),
        (422, "invalid_input", ValueError),
        (409, "key_reused", KeyReused),
        (409, "ledger_busy", LedgerBusy),
        (500, "failed", ServerFailed),
        (418, "teapot", ServerFailed),
    ):
        with scripted(reply(status, problem(code))) as (server, sdk):
            with pytest.raises(error, match="because") as caught:
                sdk.fund_agent("alice", 5)
            assert len(server.seen) == 1
            if error is ValueError:
                assert getattr(caught.value.__cause__, "code", "") == code


def test_85_a_redirect_is_not_followed_and_the_key_stays() -> None:
    elsewhere = Scripted(reply(200, {"data": []}))
    try:
        for status in (301, 302, 307, 308):
            to = reply(status, Location=f"{elsewhere.url}/v1/agents")
            with scripted(to) as (_, sdk), pytest.raises(ServerFailed, match="elsewhere"):
                sdk.list_agents()
        assert elsewhere.seen == []
    finally:
        elsewhere.close()


def test_the_environments_proxy_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Scripted(reply(200, {"data": [], "next": None}))
    try:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with scripted(reply(200, {"data": [], "next": None})) as (server, sdk):
            assert sdk.list_agents() == []
        assert (len(server.seen), proxy.seen) == (1, [])
    finally:
        proxy.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://flux.example",
        "http://127.0.0.1.flux.example",
        "http://192.168.1.5:8000",
        "https://name:word@flux.example",
        "https://flux.example/?to=",
        "https://flux.example/#x",
        "ftp://127.0.0.1",
        "127.0.0.1:8000",
        "https://",
        "https://flux.example\n",
        "",
    ],
)
def test_85_a_key_goes_over_tls_or_stays_on_this_machine(url: str) -> None:
    for kind in (AgentPaySDK, AsyncAgentPaySDK):
        with pytest.raises(ValueError, match="base_url"):
            kind(api_key=KEY, base_url=url)


def test_118_no_key_is_ever_shown() -> None:
    with AgentPaySDK(api_key=KEY, base_url="http://127.0.0.1:1", attempts=1) as sdk:
        told = [repr(sdk), str(sdk), repr(sdk._remote.server)]  # type: ignore[union-attr]
        with pytest.raises(ServerFailed) as caught:
            sdk.list_agents()
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        told.append("".join(trace.format()))
    assert KEY not in "".join(told)
    for wrong in ("secret-of-mine", f"{KEY}\r\nX: y", KEY.replace("flux", "sk"), ""):
        with pytest.raises(ValueError, match="api_key") as refused:
            AgentPaySDK(api_key=wrong, base_url="https://flux.example")
        assert not wrong or wrong not in str(refused.value)


def test_a_server_is_named_whole_and_alone(tmp_path: Path) -> None:
    url = "https://flux.example"
    for given in (
        {"api_key": KEY},
        {"base_url": url},
        {"api_key": KEY, "base_url": url, "ledger": tmp_path / "flux.db"},
        {"api_key": KEY, "base_url": url, "owner_token": "0" * 64},
    ):
        with pytest.raises(ValueError, match=r"api_key|ledger"):
            AgentPaySDK(**given)
    assert list(tmp_path.glob("flux*")) == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_a_failure(body: bytes) -> None:
    with scripted(reply(200, body)) as (_, sdk), pytest.raises(ServerFailed, match="no JSON"):
        sdk.list_agents()


def test_what_cannot_be_asked_is_refused_before_it_is_sent() -> None:
    with scripted(reply(500)) as (server, sdk):
        wrong: list[Callable[[], object]] = [
            lambda: sdk.fund_agent("alice", 1.5),  # type: ignore[arg-type]
            lambda: sdk.pay("alice", "bob", 0),
            lambda: sdk.pay("alice", "bob", 1, idempotency_key="é" * 100),
            lambda: sdk.get_balance("a\x00b"),
            lambda: sdk.register_agent("alice", {"x": float("nan")}),
        ]
        for call in wrong:
            with pytest.raises((TypeError, ValueError)):
                call()
        assert server.seen == []


def test_a_name_is_one_part_of_the_path_whatever_is_in_it() -> None:
    with scripted(reply(404, problem("not_found"))) as (server, sdk):
        for name in ("a/b", "..", "a?b=c", "a#b", "a b", "日本", "%2e"):
            assert sdk.get_agent(name) is None
        assert sdk.get_payment("../agents") is None
    assert [path for _, path, *_ in server.seen] == [
        "/v1/agents/a%2Fb",
        "/v1/agents/%2E%2E",
        "/v1/agents/a%3Fb%3Dc",
        "/v1/agents/a%23b",
        "/v1/agents/a%20b",
        "/v1/agents/%E6%97%A5%E6%9C%AC",
        "/v1/agents/%252e",
        "/v1/payments/..%2Fagents",
    ]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path)
    yield server
    server.close()


def test_what_was_done_and_not_answered_is_not_done_again(served: Served) -> None:
    with AgentPaySDK(api_key=served.key, base_url=served.url) as sdk:
        for name in ("alice", "bob"):
            sdk.register_agent(name)
        sdk.fund_agent("alice", 10_000)
        remote, lost = sdk._remote, [True]
        assert remote is not None
        once = remote._once

        def losing(ask: Ask) -> Told:
            told = once(ask)
            if lost:
                lost.clear()
                raise httpx2.ReadError("the answer was lost")
            return told

        remote._once = losing  # type: ignore[method-assign]
        calls: list[Callable[[], object]] = [
            lambda: sdk.pay("alice", "bob", 10),
            lambda: sdk.create_escrow("alice", "bob", 20),
            lambda: sdk.fund_agent("alice", 30),
            lambda: sdk.request_payment_card(500, "ads for 3 days", "400 visits for $5", "alice"),
        ]
        for call in calls:
            lost.append(True)
            call()
            assert not lost
        assert sdk.get_wallet("alice").total == 10_000 - 10 + 30
        assert sdk.get_wallet("alice").hold == 20 + 500
        assert sdk.get_balance("bob") == 10


def test_a_key_does_what_its_scopes_say(served: Served) -> None:
    with AgentPaySDK(api_key=served.key, base_url=served.url) as owner:
        owner.register_agent("alice", policy=Policy(max_per_transaction=5))
        reader = served.key_for(frozenset({Scope.READ}))
        with AgentPaySDK(api_key=reader, base_url=served.url) as sdk:
            assert sdk.get_balance("alice") == 0
            for call in (
                lambda: sdk.pay("alice", "alice", 1),
                lambda: sdk.fund_agent("alice", 1),
                lambda: sdk.update_agent_policy("alice", Policy(max_per_transaction=1)),
                lambda: sdk.request_payment_card(1, "ads", "needed", "alice"),
            ):
                with pytest.raises(PermissionError, match="scope"):
                    call()
        stranger = AgentPaySDK(api_key=KEY, base_url=served.url)
        with stranger, pytest.raises(PermissionError, match="unauthorized"):
            stranger.list_agents()


def test_over_http_nobody_loosens_a_limit(served: Served) -> None:
    with AgentPaySDK(api_key=served.key, base_url=served.url) as sdk:
        tight = Policy(max_per_transaction=5, allowlist={"bob"})
        sdk.register_agent("alice", policy=tight)
        for policy, what in (
            (Policy(max_per_transaction=6, allowlist={"bob"}), "max_per_transaction"),
            (Policy(max_per_transaction=5), "allowlist"),
        ):
            with pytest.raises(PermissionError, match=f"only the owner may loosen {what}"):
                sdk.update_agent_policy("alice", policy)
        agent = sdk.get_agent("alice")
        assert agent is not None
        assert agent.policy == tight
        with pytest.raises(PermissionError, match="keeps its history"):
            sdk.clear_all()


def test_in_asyncio_many_calls_go_at_once(served: Served) -> None:
    async def busy() -> tuple[int, int]:
        async with AsyncAgentPaySDK(api_key=served.key, base_url=served.url) as sdk:
            for name in ("alice", "bob"):
                await sdk.register_agent(name)
            await sdk.fund_agent("alice", 1_000)
            await asyncio.gather(*(sdk.pay("alice", "bob", 10) for _ in range(30)))
            same = await asyncio.gather(
                *(sdk.pay("alice", "bob", 7, idempotency_key="k") for _ in range(10))
            )
            assert len({str(one) for one in same}) == 1
            return await sdk.get_balance("alice"), await sdk.get_balance("bob")

    assert asyncio.run(busy()) == (693, 307)


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(one).parameters)[1:]
            for name, one in vars(kind).items()
            if callable(one) and not name.startswith("_") and name != "clear_all"
        }

    here, there = methods(AgentPaySDK), methods(AsyncAgentPaySDK)
    assert here.keys() == there.keys()
    talks = {name: list(inspect.signature(one).parameters) for name, one in
             vars(AsyncAgentPaySDK).items() if name in here}  # fmt: skip
    assert {name: talks[name] for name in here if name != "close"} == {
        name: found for name, found in here.items() if name != "close"
    }


def test_on_a_ledger_nothing_of_http_is_loaded() -> None:
    code = (
        "import sys\n"
        "from flux_cli.sdk import AgentPaySDK\n"
        "with AgentPaySDK() as sdk: sdk.register_agent('alice'); sdk.fund_agent('alice', 5)\n"
        "heavy = {'httpx2', 'httpx', 'httpcore', 'stamina', 'fastapi', 'starlette', 'uvicorn'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[]\n", "")
