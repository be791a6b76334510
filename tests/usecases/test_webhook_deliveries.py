"""Delivering webhooks to a real server, with a clock that the tests set."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.adapters.store import webhook_queue
from flux_cli.bootstrap_webhooks import open_webhooks
from flux_cli.domain.agents import Freeze, freeze_id
from flux_cli.domain.webhooks import (
    SCHEDULE,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookState,
    due_after,
    patterns,
    signed,
)
from flux_cli.errors import FluxError, InvalidInput, LedgerBusy, StorageFailed, WrongState
from flux_cli.usecases import deliver_webhooks
from flux_cli.usecases.deliver_webhooks import Tally, deliver_due, follow_events
from flux_cli.usecases.ports import Transaction
from flux_cli.usecases.webhook_ports import Standing, WebhookDeps
from flux_cli.usecases.webhooks import (
    add_webhook,
    enable_webhook,
    endpoint_url,
    remove_webhook,
    replay_dead,
    replay_one,
    replay_since,
    rotate_secret,
    send_test,
)
from tests.doubles.webhook_receiver import TOOK, Received, Receiver, status
from tests.usecases.small_economy import Clock, economy, quiet

Verifier = standardwebhooks.Webhook
NotVerified = standardwebhooks.WebhookVerificationError


@dataclass
class Scene:
    """An economy, an endpoint that a receiver stands behind, and the clock."""

    hooks: WebhookDeps
    clock: Clock
    receiver: Receiver
    webhook: Webhook
    secret: str
    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def happen(self, subject: str = "kay", times: int = 1) -> None:
        """So many events of one object."""
        for number in range(times):
            with self.hooks.deps.store.begin() as tx:
                made = Freeze(freeze_id(subject), False, f"memo {number}", tx.now)
                tx.put(made, "freeze.told")

    def deliver(self) -> Tally:
        def tell(step: str, /, **facts: object) -> None:
            self.told.append((step, facts))

        return deliver_due(self.hooks, tell)

    def standing(self) -> Standing:
        with self.hooks.deps.store.reading() as reader:
            return self.hooks.queue.standing(reader, self.webhook.id)

    def kept(self, state: DeliveryState | None = None) -> list[Delivery]:
        with self.hooks.deps.store.reading() as reader:
            return self.hooks.queue.deliveries(reader, self.webhook.id, state, 10_000)

    def now(self) -> Webhook:
        with self.hooks.deps.store.reading() as reader:
            return reader.get(Webhook, self.webhook.id)

    def versions(self) -> list[tuple[str, int]]:
        """(object, version) of each message, in the order they came."""
        seen = [json.loads(one.body)["data"] for one in self.receiver.got]
        return [(data["id"].removeprefix("freeze:"), data["version"]) for data in seen]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = Clock()
    clock.time = datetime.now(UTC)  # the official verifier has no other clock
    hooks = open_webhooks(economy(tmp_path, clock))
    with Receiver() as receiver:
        webhook, secret = add_webhook(hooks, receiver.url, ("freeze.*",), private=True)
        yield Scene(hooks, clock, receiver, webhook, secret)


def test_126_the_official_verifier_takes_what_we_send(scene: Scene) -> None:
    scene.happen()
    assert scene.deliver() == Tally(delivered=1)
    (got,) = scene.receiver.got
    message = Verifier(scene.secret).verify(got.body, got.headers)
    assert message == {
        "type": "freeze.told",
        "timestamp": message["timestamp"],
        "data": {"id": "freeze:kay", "object": "freeze", "version": 1},
    }
    assert datetime.fromisoformat(message["timestamp"]) == scene.clock.time
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"] == "flux-webhooks/1"


def test_126_the_official_verifier_refuses_what_was_tampered_with(scene: Scene) -> None:
    scene.happen()
    scene.deliver()
    (got,) = scene.receiver.got
    verifier, good = Verifier(scene.secret), got.headers
    other = Verifier("whsec_" + "B" * 43 + "=")
    changed = [
        (verifier, got.body.replace(b"kay", b"lee"), good),
        (verifier, got.body + b" ", good),
        (verifier, got.body, good | {"webhook-id": "msg_other"}),
        (verifier, got.body, good | {"webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}),
        (verifier, got.body, good | {"webhook-signature": "v1," + "A" * 43 + "="}),
        (other, got.body, good),
        *[
            (verifier, got.body, {n: v for n, v in good.items() if n != name})
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
    ]
    for checker, body, headers in changed:
        with pytest.raises(NotVerified):
            checker.verify(body, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_126_a_message_from_another_time_is_refused(scene: Scene, minutes: int) -> None:
    scene.clock.go(minutes=minutes)
    scene.happen()
    scene.deliver()
    (got,) = scene.receiver.got
    with pytest.raises(NotVerified, match="too old" if minutes < 0 else "too new"):
        Verifier(scene.secret).verify(got.body, got.headers)


def test_126_a_recorded_message_replayed_later_is_known_by_its_id_or_its_time(
    scene: Scene,
) -> None:
    scene.happen()
    scene.deliver()
    (got,) = scene.receiver.got
    seen: set[str] = set()

    def take(received: Received) -> bool:
        Verifier(scene.secret).verify(received.body, received.headers)
        is_new = received.id not in seen
        seen.add(received.id)
        return is_new

    assert [take(got), take(got)] == [True, False]
    at = datetime.now(UTC) - timedelta(minutes=6)
    with scene.hooks.deps.store.reading():
        key = scene.hooks.secrets.key(scene.webhook.id, 1)
    old = replace(got, headers=dict(signed((key,), got.id, at, got.body)))
    with pytest.raises(NotVerified, match="too old"):
        take(old)


def test_126_while_a_secret_is_rotated_both_sign_and_afterwards_the_new_one_alone(
    scene: Scene,
) -> None:
    turned, new = rotate_secret(scene.hooks, scene.webhook.id, timedelta(minutes=2))
    assert (turned.generation, new == scene.secret) == (2, False)
    scene.happen()
    scene.deliver()
    both = scene.receiver.got[-1]
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    for secret in (scene.secret, new):
        Verifier(secret).verify(both.body, both.headers)
    scene.clock.go(minutes=2)
    scene.happen()
    scene.deliver()
    alone = scene.receiver.got[-1]
    Verifier(new).verify(alone.body, alone.headers)
    with pytest.raises(NotVerified, match="No matching signature"):
        Verifier(scene.secret).verify(alone.body, alone.headers)


def test_126_each_endpoint_has_a_secret_of_its_own(scene: Scene) -> None:
    with Receiver() as second:
        _, other = add_webhook(scene.hooks, second.url, ("*",), private=True)
        scene.happen()
        scene.deliver()
        got = second.got[-1]
        Verifier(other).verify(got.body, got.headers)
        with pytest.raises(NotVerified):
            Verifier(scene.secret).verify(got.body, got.headers)
        assert got.id != scene.receiver.got[-1].id


def test_a_test_message_is_signed_and_leaves_no_trace(scene: Scene) -> None:
    assert send_test(scene.hooks, scene.webhook).took
    (got,) = scene.receiver.got
    message = Verifier(scene.secret).verify(got.body, got.headers)
    assert (message["type"], message["data"]["id"]) == ("webhook.test", scene.webhook.id)
    assert scene.standing() == Standing(scene.standing().cursor, None, 0, 0, 0)


def test_only_the_kinds_of_event_that_were_asked_for_are_sent(scene: Scene) -> None:
    with Receiver() as second:
        picky, _ = add_webhook(scene.hooks, second.url, ("webhook.added,card.*",), private=True)
        with Receiver() as third:
            add_webhook(scene.hooks, third.url, ("agent.paused",), private=True)
            scene.happen(times=3)
            scene.deliver()
            kinds = [json.loads(one.body)["type"] for one in second.got]
            assert (kinds, third.got) == (["webhook.added"], [])
    assert scene.versions() == [("kay", 1), ("kay", 2), ("kay", 3)]
    assert picky.events == ("webhook.added", "card.*")


def test_what_happened_before_it_was_added_is_not_sent(scene: Scene) -> None:
    assert scene.deliver() == Tally()
    assert scene.receiver.got == []


def test_127_what_fails_is_sent_again_by_the_stored_schedule_with_the_same_id(
    scene: Scene,
) -> None:
    scene.receiver.say = lambda _: status(500, b"not today")
    scene.happen()
    waited = []
    for _ in SCHEDULE:
        assert scene.deliver().delivered == 0
        (delivery,) = scene.kept()
        waited.append(delivery.due_at - scene.clock.time)
        assert scene.deliver() == Tally()  # not before it is due
        scene.clock.time = max(delivery.due_at, scene.clock.time)
    bodies = {(one.id, one.body) for one in scene.receiver.got}
    assert (len(scene.receiver.got), len(bodies)) == (10, 1)
    for wait, planned in zip(waited, SCHEDULE[1:], strict=False):
        assert planned <= wait < planned * 1.1
    (delivery,) = scene.kept()
    assert (delivery.state, delivery.attempts, len(delivery.log)) == (DeliveryState.DEAD, 10, 10)
    assert {(one.status, one.said) for one in delivery.log} == {(500, "not today")}
    stamps = [int(one.headers["webhook-timestamp"]) for one in scene.receiver.got]
    assert stamps == sorted(set(stamps))


def test_127_the_schedule_survives_a_restart(scene: Scene) -> None:
    scene.receiver.say = lambda _: status(503)
    scene.happen()
    assert scene.deliver() == Tally(failed=1)
    again = open_webhooks(scene.hooks.deps)
    assert deliver_due(again, quiet) == Tally()
    scene.clock.go(seconds=6)
    scene.receiver.say = lambda _: TOOK
    assert deliver_due(again, quiet) == Tally(delivered=1)
    assert len(set(scene.receiver.ids)) == 1


def test_127_a_receiver_that_asks_for_time_gets_it_within_bounds(scene: Scene) -> None:
    scene.receiver.say = lambda _: status(429, Retry_After="3600")
    scene.happen()
    scene.deliver()
    assert scene.kept()[0].due_at - scene.clock.time == timedelta(hours=1)
    forever = due_after(scene.kept()[0], scene.clock.time, timedelta(days=99))
    assert forever == scene.clock.time + timedelta(days=1)


def test_127_a_failing_object_waits_and_the_others_do_not(scene: Scene) -> None:
    """Ordered per object: nothing of Kay's overtakes what of hers still waits."""
    scene.happen("kay", 3)
    scene.happen("lee", 3)
    scene.receiver.say = lambda got: status(500) if b"kay" in got.body else TOOK
    assert scene.deliver() == Tally(delivered=3, failed=1)
    assert [one for one in scene.versions() if one[0] == "kay"] == [("kay", 1)]
    assert [one for one in scene.versions() if one[0] == "lee"] == [("lee", n) for n in (1, 2, 3)]
    scene.clock.go(seconds=6)
    scene.receiver.say = lambda _: TOOK
    scene.receiver.got.clear()
    assert scene.deliver() == Tally(delivered=3)
    assert scene.versions() == [("kay", 1), ("kay", 2), ("kay", 3)]


def test_127_what_died_is_sent_again_when_it_is_replayed(scene: Scene) -> None:
    scene.receiver.say = lambda _: status(400)
    scene.happen()
    for _ in SCHEDULE:
        scene.deliver()
        scene.clock.time = max(scene.kept()[0].due_at, scene.clock.time)
    assert [step for step, _ in scene.told][-1] == "webhook_died"
    scene.receiver.say = lambda _: TOOK
    assert scene.deliver() == Tally()
    assert replay_dead(scene.hooks, scene.webhook.id) == 1
    assert scene.deliver() == Tally(delivered=1)
    assert len(set(scene.receiver.ids)) == 1
    assert replay_dead(scene.hooks, scene.webhook.id) == 0


def test_a_replay_sends_what_was_delivered_again_with_the_ids_it_had(scene: Scene) -> None:
    scene.happen(times=2)
    scene.clock.go(minutes=1)
    since = scene.clock.time
    scene.happen(times=3)
    scene.deliver()
    before = scene.receiver.ids
    assert replay_since(scene.hooks, scene.webhook.id, since) == 3
    assert scene.deliver() == Tally(delivered=3)
    assert scene.receiver.ids == before + before[2:]
    assert replay_one(scene.hooks, before[0]).state is DeliveryState.PENDING
    assert scene.deliver() == Tally(delivered=1)
    assert scene.receiver.ids[-1] == before[0]
    later = scene.clock.time + timedelta(days=1)
    assert replay_since(scene.hooks, scene.webhook.id, later) == 0


def test_127_an_endpoint_that_took_nothing_for_five_days_is_disabled_and_said_so(
    scene: Scene,
) -> None:
    scene.receiver.say = lambda _: status(500)
    scene.happen()
    scene.deliver()
    scene.clock.go(days=4, hours=23)
    scene.happen("lee")
    assert scene.deliver().disabled == ()
    scene.clock.go(hours=2)
    assert scene.deliver().disabled == (scene.webhook.id,)
    found = scene.now()
    assert (found.state, found.reason[:23]) == (WebhookState.DISABLED, "it has taken nothing si")
    assert scene.told[-1][0] == "webhook_disabled"
    with scene.hooks.deps.store.reading() as reader:
        assert reader.events()[-1].kind == "webhook.disabled"
    scene.receiver.got.clear()
    scene.receiver.say = lambda _: TOOK
    scene.happen("kay", 3)
    assert (scene.deliver(), scene.receiver.got) == (Tally(), [])
    assert enable_webhook(scene.hooks, scene.webhook.id).state is WebhookState.ACTIVE
    scene.clock.go(days=2)
    assert scene.deliver().delivered == 5
    assert scene.standing().failing_since is None


def test_127_a_receiver_that_is_gone_is_told_nothing_more(scene: Scene) -> None:
    scene.receiver.say = lambda _: status(410)
    scene.happen(times=2)
    assert scene.deliver() == Tally(died=1, disabled=(scene.webhook.id,))
    assert scene.now().reason == "it answered that it is gone (410)"
    assert len(scene.receiver.got) == 1


def test_127_an_endpoint_that_fails_three_times_in_a_row_rests(scene: Scene) -> None:
    scene.receiver.say = lambda _: status(500)
    for name in "abcdef":
        scene.happen(name)
    assert scene.deliver() == Tally(failed=3)
    assert len(scene.receiver.got) == 3


def test_127_the_queue_and_the_log_are_bounded_and_nothing_is_lost(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit waits in the events; the cursor waits with it."""
    monkeypatch.setattr(webhook_queue, "KEPT_DELIVERIES", 5)
    monkeypatch.setattr(webhook_queue, "LOOKED_AT", 3)
    scene.receiver.say = lambda _: status(500)
    for number in range(20):
        scene.happen(f"o{number}")
    scene.deliver()
    assert (scene.standing().pending, len(scene.kept())) == (5, 5)
    scene.receiver.say = lambda _: TOOK
    scene.receiver.got.clear()
    scene.clock.go(minutes=2)
    assert scene.deliver() == Tally(delivered=20)
    assert sorted(scene.versions()) == sorted((f"o{number}", 1) for number in range(20))
    assert (scene.standing().delivered, scene.standing().pending) == (5, 0)
    assert replay_since(scene.hooks, scene.webhook.id, scene.clock.time - timedelta(days=1)) == 20
    assert scene.deliver() == Tally(delivered=20)


def test_127_a_full_disk_is_said_and_the_message_is_sent_again_with_its_id(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent and could not be recorded: at least once, and the receiver knows it by id."""
    stopped, full = threading.Event(), [StorageFailed("the disk is full")]
    record = scene.hooks.queue.record

    def fails_once(tx: Transaction, delivery: Delivery, since: datetime | None) -> None:
        if full:
            raise full.pop()
        record(tx, delivery, since)

    def tell(step: str, /, **facts: object) -> None:
        scene.told.append((step, facts))
        if step == "webhook_delivered":
            stopped.set()

    monkeypatch.setattr(scene.hooks.queue, "record", fails_once)
    monkeypatch.setattr(deliver_webhooks, "PAUSE_AFTER_FAILURE_SECONDS", 0)
    scene.happen()
    follow_events(scene.hooks, tell, stopped)
    assert [step for step, _ in scene.told] == ["webhooks_wait", "webhook_delivered"]
    assert scene.told[0][1] == {"reason": "the disk is full"}
    assert (len(scene.receiver.got), len(set(scene.receiver.ids))) == (2, 1)


def test_two_deliverers_do_not_send_at_once(scene: Scene) -> None:
    inside, go = threading.Event(), threading.Event()

    def hold(_: Received) -> bytes:
        inside.set()
        assert go.wait(60)
        return TOOK

    scene.receiver.say = hold
    scene.happen(times=3)
    done: list[Tally] = []
    first = threading.Thread(target=lambda: done.append(scene.deliver()))
    first.start()
    assert inside.wait(60)
    with pytest.raises(LedgerBusy, match="another process is delivering"):
        deliver_due(open_webhooks(scene.hooks.deps), quiet)
    stopped = threading.Event()
    waits = threading.Thread(
        target=follow_events, args=(open_webhooks(scene.hooks.deps), quiet, stopped)
    )
    waits.start()
    go.set()
    first.join(60)
    stopped.set()
    waits.join(60)
    assert (done, waits.is_alive()) == ([Tally(delivered=3)], False)
    assert len(scene.receiver.ids) == len(set(scene.receiver.ids)) == 3


def test_following_tells_of_events_as_they_happen_until_it_is_stopped(scene: Scene) -> None:
    stopped, came = threading.Event(), threading.Event()

    def tell(step: str, /, **facts: object) -> None:
        came.set()

    thread = threading.Thread(target=follow_events, args=(scene.hooks, tell, stopped))
    thread.start()
    for times in (1, 2):
        came.clear()
        scene.happen()
        assert came.wait(60)
        assert len(scene.receiver.got) == times
    stopped.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_slow_endpoint_does_not_hold_up_another(scene: Scene) -> None:
    with Receiver() as second:
        add_webhook(scene.hooks, second.url, ("freeze.*",), private=True)
        quick = threading.Event()

        def after_the_other(_: Received) -> bytes:
            assert quick.wait(60)
            return TOOK

        def first(_: Received) -> bytes:
            quick.set()
            return TOOK

        scene.receiver.say, second.say = after_the_other, first
        scene.happen()
        assert scene.deliver() == Tally(delivered=2)


def test_a_removed_endpoint_is_told_nothing_not_even_what_waits(scene: Scene) -> None:
    scene.receiver.say = lambda _: status(500)
    scene.happen()
    scene.deliver()
    remove_webhook(scene.hooks, scene.webhook.id)
    scene.clock.go(days=1)
    scene.receiver.got.clear()
    assert (scene.deliver(), scene.receiver.got, scene.kept()) == (Tally(), [], [])
    changes: list[Callable[[WebhookDeps, str], object]] = [
        remove_webhook, enable_webhook, replay_dead,
        lambda hooks, name: rotate_secret(hooks, name, timedelta(0)),
        lambda hooks, name: replay_since(hooks, name, scene.clock.time),
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(WrongState, match="was removed"):
            change(scene.hooks, scene.webhook.id)
    add_webhook(scene.hooks, scene.webhook.url, ("*",), private=True)


def test_102_118_no_memo_and_no_secret_is_in_a_message(scene: Scene) -> None:
    scene.happen(times=2)
    scene.deliver()
    key = scene.hooks.secrets.key(scene.webhook.id, 1)
    for got in scene.receiver.got:
        whole = got.body + json.dumps(got.headers).encode()
        assert b"memo" not in whole
        assert scene.secret[6:].encode() not in whole
        assert key not in whole


def test_118_119_the_secret_is_in_no_ledger_and_its_file_is_the_owners_alone(
    scene: Scene, tmp_path: Path
) -> None:
    scene.happen()
    scene.deliver()
    key = scene.hooks.secrets.key(scene.webhook.id, 1)
    spelled = scene.secret[6:].encode()
    files = sorted(tmp_path.rglob("flux.db*"))
    assert len(files) >= 4
    for path in files:
        content = path.read_bytes()
        assert not any(part in content for part in (key, key.hex().encode(), spelled)), path
        assert path.stat().st_mode & 0o077 == 0, path
    assert scene.hooks.deps.store.verify()[-1].faults == ()
    assert [f for found in scene.hooks.deps.store.verify() for f in found.faults] == []


REFUSED_URLS = (
    "example.com", "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https://",
    "https://user:pass@example.com/", "https://user@example.com/", "https://example.com/#part",
    "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/", "https://ex\u00e4mple.com/", "https://x/" + "a" * 500,
    "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.0.0.1/",
    "https://localhost/", "https://a.localhost/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "https://[fe80::1]/",
    "https://[64:ff9b::7f00:1]/", "http://127.0.0.1/", "https://[::1", "https://\u202eexample.com/",
    "https://example.com/\r\nwebhook-id: forged", "javascript:alert(1)", "//example.com/", "",
)  # fmt: skip


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_125_an_endpoint_that_nothing_may_be_sent_to_is_not_added(url: str) -> None:
    with pytest.raises(InvalidInput, match="nothing is sent there"):
        endpoint_url(url, private=False)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://printer.example/", "https://169.254.169.254/", "https://0x7f.1/"],
)
def test_125_allowing_private_addresses_allows_no_more(url: str) -> None:
    with pytest.raises(InvalidInput, match="nothing is sent there"):
        endpoint_url(url, private=True)


@given(
    st.sampled_from(["https://", "http://", "", "https://[", "https://127.", "https:///"]),
    st.text(max_size=40) | st.from_regex(r"[\[\]0-9a-fx.:%@/]{1,40}", fullmatch=True),
    st.booleans(),
)
def test_125_any_text_is_an_endpoint_or_is_refused(start: str, rest: str, private: bool) -> None:
    with contextlib.suppress(InvalidInput):
        assert endpoint_url(start + rest, private=private) == start + rest


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://example.com:8443/a?b=c&d", False),
        ("https://xn--exmple-cua.com/", False),
        ("https://93.184.216.34/", False),
        ("https://10.0.0.1/", True),
        ("http://localhost:9000/in", True),
        ("http://[::1]:9000/in", True),
    ],
)
def test_an_endpoint_is_asked_for_as_it_was_written(url: str, private: bool) -> None:
    assert endpoint_url(url, private=private) == url


def test_one_address_is_one_endpoint(scene: Scene) -> None:
    with pytest.raises(WrongState, match=scene.webhook.id):
        add_webhook(scene.hooks, scene.webhook.url, ("*",), private=True)


def test_117_kinds_of_event_are_data() -> None:
    assert patterns(("payment.*, card.issued", "*")) == ("payment.*", "card.issued", "*")
    for bad in ("' or 1=1 --", "card.%", "*.*", "card.", "Card.x", "", "a.b.c", "x" * 99, "é.*"):
        with pytest.raises(FluxError):
            patterns((bad,))
