"""Buying by HTTP 402 from a seller of our own over the local chain, and every way it can lie."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import paying
import pytest
import rig
import selling
from selling import PRICE, Shop

from flux_cli.adapters.chain.encoding import payment_call
from flux_cli.adapters.x402.stall import Reply
from flux_cli.bootstrap_web import open_web
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.paywalls import WebPayment, WebState
from flux_cli.domain.settlements import Settlement, SettlementState
from flux_cli.errors import InvalidInput, KeyReused, ShopFailed, ShopRefused
from flux_cli.usecases import pay_url as pay_url_module
from flux_cli.usecases import settle
from flux_cli.usecases.pay_url import Barred, Bought, Free, UrlWish, pay_url
from flux_cli.usecases.policy_versions import put_in_force, revise
from flux_cli.usecases.web_ports import Signed, UrlDeps, Web, WebAnswer

ACME = paying.MERCHANTS["acme"]
HELD = "held:orchestrator"


def quiet(_: str, /, **__: object) -> None:
    """Nobody watches."""


@pytest.fixture
def shop(chain: rig.LocalChain, payer: paying.Payer) -> Iterator[Shop]:
    """A seller that is paid at acme's address."""
    with selling.selling(chain, payer.settling.chain) as opened:
        yield opened


@pytest.fixture
def urls(payer: paying.Payer) -> UrlDeps:
    """The buyer, who repeats at once."""
    return replace(open_web(payer.deps, payer.settling), pause_seconds=0.001)


def buy(urls: UrlDeps, url: str, key: str = "k", most: int = 50_000, seconds: float = 20) -> Any:
    wish = UrlWish(url, "orchestrator", Money(most, USDC))
    return pay_url(urls, wish, key=key, seconds=seconds, progress=quiet)


def books(payer: paying.Payer, account: str) -> int:
    with payer.deps.store.reading() as reader:
        return reader.balance(account, USDC).units


def nothing_happened(payer: paying.Payer, chain: rig.LocalChain) -> bool:
    with payer.deps.store.reading() as reader:
        kept = [reader.find(kind) for kind in (WebPayment, PaymentIntent, Settlement)]
    return (kept, chain.paid(ACME), books(payer, HELD)) == ([[], [], []], [], 0)


def sound(payer: paying.Payer) -> bool:
    return [finding for finding in payer.deps.store.verify() if finding.faults] == []


def test_what_a_seller_demands_is_paid_over_the_chain_and_delivered(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    bought = buy(urls, shop.url)

    assert isinstance(bought, Bought)
    assert bought.answer is not None
    assert (bought.answer.status, bought.answer.body) == (200, selling.BODY)
    assert (bought.payment.state, bought.payment.payee) == (WebState.DELIVERED, "acme")
    assert bought.settlement.state is SettlementState.SETTLED
    assert chain.paid(ACME) == [PRICE.units]
    assert books(payer, HELD) == 0
    # The seller paid the gas.
    assert books(payer, "wallet:orchestrator") == 1_000_000_000 - PRICE.units
    assert shop.headers == [bought.payment.header]
    assert sound(payer)


def test_another_purchase_of_the_same_is_another_payment(
    urls: UrlDeps, shop: Shop, chain: rig.LocalChain
) -> None:
    first, second = buy(urls, shop.url, "one"), buy(urls, shop.url, "two")
    assert first.settlement.nonce != second.settlement.nonce
    assert chain.paid(ACME) == [PRICE.units] * 2


def test_67_200_answers_lost_after_the_seller_was_paid_are_one_payment(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    left = [200]

    def lose(reply: Reply, header: str | None) -> Reply | None:
        if header is None or not left[0]:
            return reply
        left[0] -= 1
        return None

    shop.twist = lose
    quick = replace(urls, pause_seconds=0.0)
    bought = buy(quick, shop.url, seconds=100)

    assert isinstance(bought, Bought)
    assert bought.payment.state is WebState.DELIVERED
    assert (len(shop.headers), len(set(shop.headers)), shop.sent) == (201, 1, 1)
    assert chain.paid(ACME) == [PRICE.units]
    assert sound(payer)


def test_a_command_that_is_given_again_sends_the_same_header(
    urls: UrlDeps, shop: Shop, chain: rig.LocalChain
) -> None:
    shop.twist = lambda reply, header: None if header else reply
    lost = buy(urls, shop.url, seconds=0.05)
    assert (lost.payment.state, lost.answer) == (WebState.SIGNED, None)
    # The demand is kept as well: what the seller would now ask for is not looked at.
    shop.twist = selling.demanding(lambda said: said["accepts"][0].update(payTo="0x" + "66" * 20))
    bought = buy(urls, shop.url)
    again = buy(urls, shop.url)
    assert (bought.payment.state, again.payment) == (WebState.DELIVERED, bought.payment)
    assert len(set(shop.headers)) == 1
    assert chain.paid(ACME) == [PRICE.units]


def test_67_processes_that_buy_under_one_key_at_once_send_one_header(
    payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    payers = [paying.open_payer(payer.config.ledger.path, [chain.url]) for _ in range(3)]
    buyers = [replace(open_web(one.deps, one.settling), pause_seconds=0.01) for one in payers]
    with ThreadPoolExecutor(len(buyers)) as pool:
        bought = list(pool.map(lambda urls: buy(urls, shop.url), buyers))
    for one in payers:
        one.close()
    assert {one.payment.state for one in bought} == {WebState.DELIVERED}
    assert len({one.payment.id for one in bought}) == 1
    assert (len(shop.headers), len(set(shop.headers)), shop.sent) == (3, 1, 1)
    assert chain.paid(ACME) == [PRICE.units]


class Killed(Exception):
    """The process ends here."""


class Dying:
    """The web, but the process ends at the first of `moment`: `header`, `send` or `answer`."""

    def __init__(self, web: Web, moment: str) -> None:
        self.web, self.moment = web, moment

    def _die(self, moment: str) -> None:
        if self.moment == moment:
            self.moment = ""
            raise Killed

    def ask(self, url: str, header: str = "", *, seconds: float) -> WebAnswer:
        if header:
            self._die("send")
        answer = self.web.ask(url, header, seconds=seconds)
        if header:
            self._die("answer")
        return answer

    def header(self, payment: Signed) -> str:
        self._die("header")
        return self.web.header(payment)


def test_67_who_signs_second_under_one_key_is_told_what_the_first_got(
    payer: paying.Payer, shop: Shop, chain: rig.LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_reads, quick_ends = threading.Event(), threading.Event()
    sign = pay_url_module.sign_header

    def sign_late(*about: Any) -> Any:
        if not slow_reads.is_set():
            slow_reads.set()
            assert quick_ends.wait(60)
        return sign(*about)

    monkeypatch.setattr(pay_url_module, "sign_header", sign_late)
    payers = [paying.open_payer(payer.config.ledger.path, [chain.url]) for _ in range(2)]
    slow, quick = (replace(open_web(one.deps, one.settling), pause_seconds=0.01) for one in payers)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(buy, slow, shop.url)
        assert slow_reads.wait(60)
        first = buy(quick, shop.url)
        quick_ends.set()
        second = late.result()
    assert [one.payment.state for one in (first, second)] == [WebState.DELIVERED] * 2
    assert (len(set(shop.headers)), shop.sent) == (1, 1)
    for one in payers:
        one.close()


@pytest.mark.parametrize("moment", ["header", "send", "answer"])
def test_73_killed_at_any_moment_the_same_key_pays_once(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain, moment: str
) -> None:
    dying = replace(urls, web=Dying(urls.web, moment))
    with pytest.raises(Killed):
        buy(dying, shop.url)
    before = chain.paid(ACME)
    assert before == ([PRICE.units] if moment == "answer" else [])
    # Recovery looks at the chain and sends nothing of its own; what is signed is not given back.
    (one,) = settle.drain(payer.settling, seconds=0.05, progress=quiet)
    assert (one.state is SettlementState.SETTLED) is (moment == "answer")
    assert chain.paid(ACME) == before
    bought = buy(urls, shop.url)
    assert (bought.payment.state, bought.settlement.state) == (
        WebState.DELIVERED,
        SettlementState.SETTLED,
    )
    assert (len(set(shop.headers)), chain.paid(ACME)) == (1, [PRICE.units])
    assert books(payer, "wallet:orchestrator") == 1_000_000_000 - PRICE.units
    assert sound(payer)


def settlement_of(payer: paying.Payer) -> Settlement:
    with payer.deps.store.reading() as reader:
        (one,) = reader.find(Settlement)
    return one


def cancelled(payer: paying.Payer) -> Settlement:
    """The one settlement after the owner gave it up and the chain had its say."""
    settle.cancel(payer.settling, settlement_of(payer).id)
    ids = [settlement_of(payer).id]
    (after,) = settle.settle_all(payer.settling, ids, seconds=30, progress=quiet)
    return after


@pytest.mark.parametrize("moment", ["header", "send"])
def test_a_payment_that_was_signed_for_a_seller_is_cancelled_on_the_chain(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain, moment: str
) -> None:
    """Also where the crash came before its header was kept; the seller can use it no more."""
    with pytest.raises(Killed):
        buy(replace(urls, web=Dying(urls.web, moment)), shop.url)
    after = cancelled(payer)
    assert (after.state, books(payer, HELD)) == (SettlementState.CANCELLED, 0)
    assert after.reason.startswith("cancelled by 0x")
    assert books(payer, "gas:arc") > 0
    assert settle.cancel(payer.settling, after.id) == after
    given_up = buy(urls, shop.url)
    assert (given_up.settlement, given_up.answer) == (after, None)
    with payer.deps.store.reading() as reader:
        (payment,) = reader.find(WebPayment)
    if payment.header:
        assert shop.stall is not None
        reply = shop.stall.answer(shop.url, payment.header)
        said = selling.spoken(reply.headers["PAYMENT-RESPONSE"])
        assert said["errorReason"] == "invalid_exact_evm_nonce_already_used"
    assert (shop.sent, chain.paid(ACME), sound(payer)) == (0, [], True)


def test_cancelling_what_the_seller_has_used_finds_it_settled(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    with pytest.raises(Killed):
        buy(replace(urls, web=Dying(urls.web, "answer")), shop.url)
    assert settle.cancel(payer.settling, settlement_of(payer).id).state is SettlementState.SETTLED
    assert (chain.paid(ACME), books(payer, "gas:arc")) == ([PRICE.units], 0)


def test_a_seller_that_is_faster_than_the_cancelling_is_paid_once(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    """Both transactions wait for the same block; the seller's comes first."""
    with pytest.raises(Killed):
        buy(replace(urls, web=Dying(urls.web, "send")), shop.url)
    chain("evm_setAutomine", False)
    with payer.deps.store.reading() as reader:
        (payment,) = reader.find(WebPayment)
    assert payment.authorization is not None
    call = payment_call(
        settlement_of(payer).terms, settlement_of(payer).nonce, payment.authorization
    )
    fields = {"from": chain.relayer, "to": rig.TOKEN, "data": "0x" + call.hex()}
    fee = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**11)}
    chain("eth_sendTransaction", {**fields, **fee, "gas": hex(300_000)})
    settle.cancel(payer.settling, settlement_of(payer).id)
    chain("evm_setAutomine", True)
    chain.mine()
    ids = [settlement_of(payer).id]
    (after,) = settle.settle_all(payer.settling, ids, seconds=30, progress=quiet)
    assert (after.state, chain.paid(ACME)) == (SettlementState.SETTLED, [PRICE.units])
    assert (books(payer, HELD), sound(payer)) == (0, True)


def test_the_header_is_kept_before_it_is_sent(
    urls: UrlDeps, payer: paying.Payer, shop: Shop
) -> None:
    kept: list[str] = []

    def look(reply: Reply, header: str | None) -> Reply:
        if header:
            with payer.deps.store.reading() as reader:
                (one,) = reader.find(WebPayment)
            kept.append(one.header)
        return reply

    shop.twist = look
    buy(urls, shop.url)
    assert kept == shop.headers


def test_a_key_names_one_purchase(urls: UrlDeps, shop: Shop) -> None:
    buy(urls, shop.url)
    with pytest.raises(KeyReused):
        buy(urls, shop.other)
    with pytest.raises(KeyReused):
        buy(urls, shop.url, most=49_999)


LIES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("spoofed_domain", lambda said: said["accepts"][0]["extra"].update(name="USD Coin")),
    ("spoofed_domain", lambda said: said["accepts"][0]["extra"].update(version="1")),
    ("spoofed_domain", lambda said: said["accepts"][0].pop("extra")),
    ("valid_too_long", lambda said: said["accepts"][0].update(maxTimeoutSeconds=1_000_000_000)),
    ("valid_too_long", lambda said: said["accepts"][0].update(maxTimeoutSeconds=0)),
    ("payee_not_allowed", lambda said: said["accepts"][0].update(payTo="0x" + "66" * 20)),
    ("payee_not_allowed", lambda said: said["accepts"][0].update(payTo=ACME[:-1] + "2")),
    ("payee_not_allowed", lambda said: said["accepts"][0].update(payTo=ACME.swapcase())),
    ("wrong_chain", lambda said: said["accepts"][0].update(network="eip155:5042")),
    ("wrong_chain", lambda said: said["accepts"][0].update(network="eip155:8453")),
    ("wrong_token", lambda said: said["accepts"][0].update(asset="0x" + "36" * 20)),
    ("wrong_scheme", lambda said: said["accepts"][0].update(scheme="upto")),
    (
        "wrong_scheme",
        lambda said: said["accepts"][0]["extra"].update(assetTransferMethod="permit2"),
    ),
    ("max_amount_exceeded", lambda said: said["accepts"][0].update(amount="50001")),
    ("malformed_amount", lambda said: said["accepts"][0].update(amount="0")),
    ("malformed_amount", lambda said: said["accepts"][0].update(amount="-5")),
    ("malformed_amount", lambda said: said["accepts"][0].update(amount="0x10")),
    ("malformed_amount", lambda said: said["accepts"][0].update(amount="٣")),
    ("wrong_resource", lambda said: said["resource"].update(url="http://127.0.0.1/other")),
    ("x402_version", lambda said: said.update(x402Version=1)),
    ("nothing_accepted", lambda said: said.update(accepts=[])),
]


def test_65_75_a_demand_that_differs_from_the_owners_table_is_refused_with_nothing_kept(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    for code, lie in LIES:
        shop.twist = selling.demanding(lambda said, lie=lie: lie(said) and None)  # type: ignore[misc]
        barred = buy(urls, shop.url)
        assert isinstance(barred, Barred), code
        assert [refusal.code for refusal in barred.refusals] == [code]
    assert shop.headers == []
    assert nothing_happened(payer, chain)


def test_the_first_demand_that_passes_is_the_one_that_is_paid(urls: UrlDeps, shop: Shop) -> None:
    def offer_more(said: dict[str, Any]) -> None:
        said["accepts"].insert(0, {**said["accepts"][0], "network": "eip155:8453"})

    shop.twist = selling.demanding(offer_more)
    bought = buy(urls, shop.url)
    assert (bought.payment.state, bought.payment.amount) == (WebState.DELIVERED, PRICE)


BAD_ADDRESSES = (
    "http://example.com/x",
    "ftp://127.0.0.1/x",
    "https://user:secret@127.0.0.1/x",
    "https://127.0.0.1/x#part",
    "https://127.0.0.1:99999/x",
    "https://127.0.0.1/\u202ex",
    "weather",
    "https://example.com",
    "https://127.0.0.1/" + "x" * 400,
)


def test_an_address_that_money_is_not_sent_for_is_named_before_it_is_asked(urls: UrlDeps) -> None:
    for url in BAD_ADDRESSES:
        with pytest.raises(InvalidInput):
            buy(urls, url)


def test_65_a_redirect_is_refused_before_and_after_the_payment_was_signed(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    away = Reply(307, {"location": shop.other})
    shop.twist = lambda reply, header: away
    with pytest.raises(ShopRefused, match="elsewhere"):
        buy(urls, shop.url)
    assert nothing_happened(payer, chain)
    shop.twist = lambda reply, header: away if header else reply
    refused = buy(urls, shop.url)
    assert "elsewhere" in refused.payment.reason
    # The seller was paid before it sent us away: the books say so, the goods are not claimed.
    assert (refused.payment.state, refused.settlement.state) == (
        WebState.SIGNED,
        SettlementState.SETTLED,
    )


def test_a_demand_that_cannot_be_read_is_refused(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    for header in ("", "e30=", "%%%", "bnVsbA==", "e" * 65_000, "eyJ4NDAy"):
        given = {"PAYMENT-REQUIRED": header} if header else {}
        shop.twist = lambda reply, _, given=given: Reply(402, given)  # type: ignore[misc]
        with pytest.raises(ShopFailed):
            buy(urls, shop.url)
    assert nothing_happened(payer, chain)


def test_what_is_free_is_taken_with_nothing_kept(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    shop.twist = lambda reply, header: Reply(200, {}, b"free")
    free = buy(urls, shop.url)
    assert isinstance(free, Free)
    assert free.answer.body == b"free"
    assert nothing_happened(payer, chain)


def test_66_a_payment_for_one_thing_buys_no_other(urls: UrlDeps, shop: Shop) -> None:
    buy(urls, shop.url)
    assert shop.stall is not None
    reply = shop.stall.answer(shop.other, shop.headers[0])
    assert reply.status == 402
    said = selling.spoken(reply.headers["PAYMENT-RESPONSE"])
    assert (said["success"], said["errorReason"]) == (False, "invalid_payment_requirements")
    assert shop.sent == 1


def test_69_a_seller_that_takes_the_money_and_denies_is_on_the_books_as_paid(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    shop.twist = lambda reply, header: Reply(403, {}, b"no") if header else reply
    denied = buy(urls, shop.url)
    assert (denied.payment.state, denied.payment.status) == (WebState.REFUSED, 403)
    assert denied.settlement.state is SettlementState.SETTLED
    assert chain.paid(ACME) == [PRICE.units]
    assert books(payer, "wallet:orchestrator") == 1_000_000_000 - PRICE.units
    assert sound(payer)


def test_72_a_seller_that_claims_to_be_paid_and_is_not_is_not_believed(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    assert shop.stall is not None
    shop.stall.relay = lambda terms, nonce, signed: "0x" + "12" * 32
    shop.stall.wait_seconds = 0
    goods = Reply(200, {}, b"here")
    shop.twist = lambda reply, header: goods if header else reply
    # The same key goes on with the same payment until its answer is heard.
    while (bought := buy(urls, shop.url, seconds=0.2)).payment.state is not WebState.DELIVERED:
        assert bought.payment.state is WebState.SIGNED
    assert bought.settlement.state is SettlementState.AUTHORIZED
    assert (chain.paid(ACME), books(payer, HELD)) == ([], PRICE.units)


def test_the_payers_own_policy_still_decides(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    with payer.deps.store.reading() as reader:
        tight = {"asset": "USDC", "per_payment": "0.01", "rails": ["arc"]}
        revision = revise(payer.deps, reader, "orchestrator", tight)
    put_in_force(payer.deps, revision)
    denied = buy(urls, shop.url)
    assert isinstance(denied, PaymentIntent)
    assert denied.state is IntentState.DENIED
    assert (shop.headers, chain.paid(ACME)) == ([], [])


def test_what_a_seller_never_used_expires_and_the_money_comes_back(
    urls: UrlDeps, payer: paying.Payer, shop: Shop, chain: rig.LocalChain
) -> None:
    shop.twist = lambda reply, header: None if header else reply
    assert shop.stall is not None
    shop.stall.relay = lambda terms, nonce, signed: "0x" + "12" * 32
    shop.stall.wait_seconds = 0
    lost = buy(urls, shop.url, seconds=0.05)
    assert books(payer, HELD) == PRICE.units
    (open_one,) = settle.drain(payer.settling, seconds=0.05, progress=quiet)
    assert (open_one.state, chain.paid(ACME)) == (SettlementState.AUTHORIZED, [])
    chain.at(lost.payment.authorization.valid_before + 1)
    (ended,) = settle.drain(payer.settling, seconds=5, progress=quiet)
    assert ended.state is SettlementState.EXPIRED
    assert (chain.paid(ACME), books(payer, HELD)) == ([], 0)
    assert books(payer, "wallet:orchestrator") == 1_000_000_000
    assert sound(payer)
