"""A JSON-RPC proxy that fails on purpose, between the engine and the node.

Each fault is a name and how many requests of which methods it spoils. `swallow` answers a broadcast
with its hash and forwards nothing; `stale` answers reads as they were when it began.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rig import LocalChain, ask

from flux_cli.signer.encoding import keccak

SEND = "eth_sendRawTransaction"
DELAY_SECONDS = 0.3
BY_BLOCK = {"eth_call": 1, "eth_getTransactionCount": 1, "eth_getBalance": 1, "eth_getCode": 1}
"""Where a method's block stands among its parameters."""


@dataclass
class Fault:
    """Spoil the next `times` requests for which `method` is None or theirs."""

    name: str
    times: int = 1
    method: str | None = SEND

    def hits(self, method: str) -> bool:
        """Whether it spoils this one; counts it."""
        if self.times <= 0 or self.method not in (None, method):
            return False
        self.times -= 1
        return True


@dataclass
class FaultProxy:
    """A server in front of one chain; `on_send` runs once, before the first broadcast goes on."""

    chain: LocalChain
    faults: list[Fault] = field(default_factory=list)
    on_send: Callable[[str], None] | None = None
    after_send: Callable[[str], None] | None = None
    log: list[tuple[str, str]] = field(default_factory=list)
    stale_block: int | None = None

    def __post_init__(self) -> None:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_POST(self) -> None:
                proxy.handle(self)

            def log_message(self, *_: object) -> None:
                """Nothing is written: a test's own output is enough."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that was killed is what this is for."""

        self._lock = threading.Lock()
        self._server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        request = json.loads(body)
        method = request["method"]
        with self._lock:
            fault = next((one.name for one in self.faults if one.hits(method)), "")
            self.log.append((method, fault))
        if method == SEND:
            self._once("on_send", request["params"][0])
        if fault == "drop_before":
            return self._drop(handler)
        if fault == "429":
            error = {"code": -32011, "message": "request limit reached"}
            return self._reply(handler, {"id": request["id"], "error": error}, 429)
        if fault == "502":
            return self._reply(handler, None, 502)
        if fault == "garbage":
            return self._raw(handler, b"<html>502 bad gateway</html>", 200)
        if fault == "swallow" and method == SEND:
            digest = keccak(bytes.fromhex(request["params"][0][2:])).hex()
            return self._reply(handler, {"id": request["id"], "result": "0x" + digest})
        if fault == "stale":
            self._make_stale(request)
        answer = self._forward(request)
        if method == SEND:
            self._once("after_send", request["params"][0])
        if fault == "drop_after":
            return self._drop(handler)
        if fault == "delay":
            time.sleep(DELAY_SECONDS)
        if fault == "stale" and method == "eth_getTransactionReceipt":
            answer = self._without_new_blocks(answer)
        return self._reply(handler, answer)

    def _once(self, name: str, raw: str) -> None:
        with self._lock:
            act = getattr(self, name)
            setattr(self, name, None)
        if act is not None:
            act(raw)

    def _make_stale(self, request: dict[str, Any]) -> None:
        """Let a read speak of the block that was the newest when it began to be stale."""
        if self.stale_block is None:
            self.stale_block = self.chain.head()
        method, params = request["method"], request["params"]
        block = hex(self.stale_block)
        if method in BY_BLOCK and params[BY_BLOCK[method]] == "latest":
            params[BY_BLOCK[method]] = block
        elif method == "eth_getBlockByNumber" and params[0] == "latest":
            params[0] = block

    def _without_new_blocks(self, answer: Any) -> Any:
        found = answer.get("result")
        assert self.stale_block is not None, "it is stale from some block on"
        if found and int(found["blockNumber"], 16) > self.stale_block:
            return {**answer, "result": None}
        return answer

    def _forward(self, request: dict[str, Any]) -> Any:
        for _ in range(100):
            try:
                body = json.dumps(request).encode()
                forwarded = urllib.request.Request(
                    self.chain.url, body, {"content-type": "application/json"}
                )
                with urllib.request.urlopen(forwarded, timeout=20) as answer:
                    return json.load(answer)
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)  # the node is being restarted
        raise RuntimeError("the node is gone")

    def _drop(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.connection.close()

    def _reply(self, handler: BaseHTTPRequestHandler, answer: Any, status: int = 200) -> None:
        if answer is not None:
            answer = {"jsonrpc": "2.0", **answer}
        self._raw(handler, b"" if answer is None else json.dumps(answer).encode(), status)

    def _raw(self, handler: BaseHTTPRequestHandler, data: bytes, status: int) -> None:
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


def relay(chain: LocalChain, raw: str) -> None:
    """A stranger sends the authorization of somebody's transaction, and is first."""
    from flux_cli.adapters.chain.encoding import unsigned_part
    from flux_cli.signer.encoding import decode_call

    call = decode_call(bytes.fromhex(unsigned_part(raw)[2:]))
    data = "0x" + (call.selector + b"".join(call.words)).hex()
    fields = {"from": chain.relayer, "to": call.to, "data": data, "gas": hex(300_000)}
    fee = hex(200 * 10**9)
    sent = ask(chain.url, "eth_sendTransaction", {**fields, "maxFeePerGas": fee})
    chain.mine()
    chain.mined(sent)


def spend_nonce(chain: LocalChain, address: str) -> None:
    """Another transaction of the same account takes the next place in its order."""
    sent = chain.send_as(address, to=address, value="0x0", maxFeePerGas=hex(200 * 10**9))
    chain.mine()
    chain.mined(sent)
