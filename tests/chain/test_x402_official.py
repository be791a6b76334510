"""The official `x402` package as the oracle: its client buys from our seller, ours from its."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import paying
import pytest
import rig
import selling
import uvicorn
from eth_account import Account
from fastapi import FastAPI, Request
from x402 import x402ClientSync, x402Facilitator, x402ResourceServer
from x402.http.clients.requests import x402_requests
from x402.http.middleware.fastapi import payment_middleware
from x402.http.utils import (
    decode_payment_required_header,
    decode_payment_response_header,
    decode_payment_signature_header,
)
from x402.mechanisms.evm import EthAccountSigner, FacilitatorWeb3Signer
from x402.mechanisms.evm.exact import (
    ExactEvmClientScheme,
    ExactEvmServerScheme,
    register_exact_evm_facilitator,
)

from flux_cli.bootstrap_web import open_web
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.paywalls import WebState
from flux_cli.domain.settlements import SettlementState
from flux_cli.usecases.pay_url import Bought, UrlWish, pay_url

ACME = paying.MERCHANTS["acme"]
NETWORK = f"eip155:{rig.CHAIN_ID}"
BUYER = Account.from_key("0x" + "5e" * 32)
FACILITATOR = Account.from_key("0x" + "fa" * 32)


def quiet(_: str, /, **__: object) -> None:
    """Nobody watches."""


class InProcess:
    """The official facilitator, asked as a server asks one over HTTP."""

    def __init__(self, url: str) -> None:
        self._facilitator = x402Facilitator()
        signer = FacilitatorWeb3Signer(FACILITATOR.key.hex(), url)
        register_exact_evm_facilitator(self._facilitator, signer, NETWORK)

    async def verify(self, payload: Any, requirements: Any) -> Any:
        return await self._facilitator.verify(payload, requirements)

    async def settle(self, payload: Any, requirements: Any) -> Any:
        return await self._facilitator.settle(payload, requirements)

    def get_supported(self) -> Any:
        return self._facilitator.get_supported()


@pytest.fixture
def official(chain: rig.LocalChain) -> Iterator[str]:
    """A seller made of the official package alone: its middleware, scheme and facilitator."""
    chain.fund(FACILITATOR.address, 10_000_000)
    facilitator = InProcess(chain.url)
    server = x402ResourceServer(facilitator)
    server.register(NETWORK, ExactEvmServerScheme())
    terms = {"scheme": "exact", "payTo": ACME, "price": "$0.05", "network": NETWORK}
    app = FastAPI()
    guard = payment_middleware({"GET /weather": {"accepts": terms}}, server)

    @app.middleware("http")
    async def paid_first(request: Request, call_next: Any) -> Any:
        return await guard(request, call_next)

    @app.get("/weather")
    async def weather() -> dict[str, str]:
        return {"forecast": "rain"}

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=running.run, args=([listening],), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/weather"
    running.should_exit = True
    thread.join(20)
    listening.close()


def test_our_buyer_pays_the_official_seller(
    payer: paying.Payer, chain: rig.LocalChain, official: str
) -> None:
    urls = replace(open_web(payer.deps, payer.settling), pause_seconds=0.01)
    wish = UrlWish(official, "orchestrator", Money(50_000, USDC))

    bought = pay_url(urls, wish, key="k", seconds=30, progress=quiet)

    assert isinstance(bought, Bought)
    assert bought.payment.reason == ""
    assert bought.answer is not None
    assert json.loads(bought.answer.body) == {"forecast": "rain"}
    assert bought.payment.state is WebState.DELIVERED
    assert bought.settlement.state is SettlementState.SETTLED
    assert bought.settlement.proof is not None
    assert bought.settlement.proof.sender == FACILITATOR.address
    assert bought.answer.claim is not None
    assert bought.answer.claim.tx_hash == bought.settlement.proof.tx_hash
    assert chain.paid(ACME) == [50_000]
    # The official package reads our header as we meant it.
    read = decode_payment_signature_header(bought.payment.header)
    assert read.payload["authorization"]["nonce"] == bought.settlement.nonce
    assert read.accepted.pay_to == ACME

    pay_url(urls, wish, key="k", seconds=1, progress=quiet)
    assert chain.paid(ACME) == [50_000]


def test_the_official_buyer_pays_our_seller(payer: paying.Payer, chain: rig.LocalChain) -> None:
    chain.fund(BUYER.address, 1_000_000)
    client = x402ClientSync()
    client.register(NETWORK, ExactEvmClientScheme(EthAccountSigner(BUYER)))
    with selling.selling(chain, payer.settling.chain) as shop:
        plain = x402_requests(client).get(shop.url, timeout=30)
        assert (plain.status_code, plain.content) == (200, selling.BODY)
        claim = decode_payment_response_header(plain.headers["PAYMENT-RESPONSE"])
        assert (claim.success, claim.payer, claim.network) == (True, BUYER.address, NETWORK)
        assert chain("eth_getTransactionReceipt", claim.transaction)["status"] == "0x1"
        assert chain.paid(ACME) == [selling.PRICE.units]

        assert shop.stall is not None
        demand = shop.stall.answer(shop.url, None).headers["PAYMENT-REQUIRED"]
        read = decode_payment_required_header(demand)
        assert (read.x402_version, read.accepts[0].amount) == (2, "50000")
        assert (read.accepts[0].pay_to, read.resource.url) == (ACME, shop.url)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("value", "49999", "invalid_exact_evm_payload_authorization_value_mismatch"),
        ("to", paying.MERCHANTS["globex"], "invalid_exact_evm_payload_recipient_mismatch"),
        ("nonce", "0x" + "12" * 32, "invalid_exact_evm_payload_signature"),
        ("validBefore", "1", "invalid_exact_evm_payload_authorization_valid_before"),
    ],
)
def test_64_our_seller_refuses_a_payment_that_was_changed_on_its_way(
    payer: paying.Payer, chain: rig.LocalChain, field: str, value: str, why: str
) -> None:
    chain.fund(BUYER.address, 1_000_000)
    client = x402ClientSync()
    client.register(NETWORK, ExactEvmClientScheme(EthAccountSigner(BUYER)))
    with selling.selling(chain, payer.settling.chain) as shop:
        assert shop.stall is not None
        demand = shop.stall.answer(shop.url, None).headers["PAYMENT-REQUIRED"]
        payment = client.create_payment_payload(decode_payment_required_header(demand))
        said = json.loads(payment.model_dump_json(by_alias=True, exclude_none=True))
        said["payload"]["authorization"][field] = value
        header = base64.b64encode(json.dumps(said).encode()).decode()
        reply = shop.stall.answer(shop.url, header)
        claim = decode_payment_response_header(reply.headers["PAYMENT-RESPONSE"])
        assert (reply.status, claim.success, claim.error_reason) == (402, False, why)
        assert (shop.sent, chain.paid(ACME)) == (0, [])
