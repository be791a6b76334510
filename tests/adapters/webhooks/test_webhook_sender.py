"""Sending to endpoints that others run: what is refused, what is bounded, what is believed."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpcore2
import pytest
import trustme

from flux_cli.adapters.webhooks.guard import JudgedNetwork, resolve
from flux_cli.adapters.webhooks.sender import MOST_READ, HttpSender
from flux_cli.adapters.webhooks.turn import FileTurn
from flux_cli.domain.web_addresses import odd_number, refused_address
from flux_cli.domain.webhooks import LONGEST_SAID
from flux_cli.usecases.webhook_ports import Answer
from tests.doubles.webhook_receiver import TOOK, Received, Receiver, status


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


def post(sender: HttpSender, url: str, *, private: bool = True) -> Answer:
    return sender.send(url, [("webhook-id", "msg_1")], b"{}", private=private)


LOOPBACK = (
    "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1",
    "127.0.0.2", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::7f00:1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
)  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_125_no_spelling_of_this_machine_is_sent_to(host: str, receiver: Receiver) -> None:
    answer = post(HttpSender(), f"https://{host}:{receiver.port}/", private=False)
    assert (answer.status, receiver.got) == (0, [])
    assert answer.said.startswith("not sent: ")
    assert "inside this machine or its network" in answer.said


NEVER = (
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::",
    "fd00:ec2::254", "100.100.100.200", "fe80::1", "fe80::1%lo", "fec0::1", "0.0.0.0", "::",
    "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "100.64.0.1",
    "192.0.0.1", "198.18.0.1", "203.0.113.9", "2001:db8::1", "64:ff9b:1::1", "5f00::1",
)  # fmt: skip
PRIVATE = (
    "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "fc00::1", "fd12::1", "127.0.0.1",
    "::1", "::ffff:10.0.0.1", "64:ff9b::c0a8:101", "2002:0a00:1::", "::a00:1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808")


def test_125_an_address_is_judged_by_what_it_is() -> None:
    assert [a for a in NEVER if refused_address(a, private=True) is None] == []
    assert [a for a in NEVER + PRIVATE if refused_address(a, private=False) is None] == []
    assert [a for a in PRIVATE if refused_address(a, private=True) is not None] == []
    assert [a for a in PUBLIC if refused_address(a, private=False) is not None] == []
    assert refused_address("example.com", private=True) == "not an address"


def test_125_numbers_that_only_a_resolver_understands_are_odd() -> None:
    odd = ("0x7f.1", "2130706433", "017700000001", "127.1", "0177.0.0.1", "a.0x1", "1.2.3.4.")
    plain = ("127.0.0.1", "8.8.8.8", "example.com", "3com.example", "x1.example")
    assert ([h for h in odd if not odd_number(h)], [h for h in plain if odd_number(h)]) == ([], [])


@pytest.mark.parametrize("address", NEVER)
def test_125_what_a_name_resolves_to_is_judged_even_where_private_is_allowed(address: str) -> None:
    sender = HttpSender(resolve=lambda host, port: [address])
    assert post(sender, "https://inside.example/").said.startswith("not sent: inside.example is ")


def test_125_one_bad_address_among_good_ones_is_enough() -> None:
    sender = HttpSender(resolve=lambda host, port: ["8.8.8.8", "127.0.0.1"])
    answer = post(sender, "https://half.example/", private=False)
    said = "not sent: half.example is 127.0.0.1, inside this machine or its network"
    assert answer == Answer(0, said)


def test_125_121_a_name_that_changes_after_it_was_judged_changes_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the socket is opened to the address that was judged, not to the name."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
    opened: list[tuple[str, int]] = []

    class Recording(httpcore2.SyncBackend):
        def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> Any:
            opened.append((host, port))
            raise httpcore2.ConnectError("nobody is there")

    monkeypatch.setattr(httpcore2, "SyncBackend", Recording)
    sender = HttpSender(resolve=lambda host, port: next(answers))
    answer = post(sender, f"https://rebind.example:{receiver.port}/", private=False)
    assert answer == Answer(0, "no answer: nobody is there")
    assert opened == [("8.8.8.8", receiver.port)]
    again = post(sender, f"https://rebind.example:{receiver.port}/", private=False)
    assert again.said.startswith("not sent: rebind.example is 127.0.0.1")
    assert (len(opened), receiver.got) == (1, [])


def test_125_a_name_only_our_resolver_knows_is_reached_at_the_judged_address(
    receiver: Receiver,
) -> None:
    asked: list[str] = []

    def known(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    answer = post(HttpSender(resolve=known), f"http://hooks.invalid:{receiver.port}/a?b=c")
    assert (answer, asked) == (Answer(204, ""), ["hooks.invalid"])
    (got,) = receiver.got
    assert (got.path, got.headers["host"]) == ("/a?b=c", f"hooks.invalid:{receiver.port}")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_125_a_redirect_is_a_failure_and_is_not_followed(code: int, receiver: Receiver) -> None:
    with Receiver() as inside:
        receiver.say = lambda _: status(code, Location=inside.url)
        answer = post(HttpSender(), receiver.url)
    assert (answer.status, answer.took, inside.got) == (code, False, [])
    assert answer.said == "it answers with another address, which is not followed"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "unix:///run/x.sock"])
def test_125_other_schemes_open_nothing(url: str) -> None:
    assert post(HttpSender(resolve=lambda *_: pytest.fail("asked")), url).status == 0


def test_125_http_goes_to_this_machine_alone() -> None:
    sender = HttpSender(resolve=lambda host, port: ["10.1.2.3"])
    assert post(sender, "http://printer.example/").said == (
        "not sent: printer.example is 10.1.2.3, not this machine, and http is unencrypted"
    )


def test_125_the_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(HttpSender(), receiver.url) == Answer(204, "")


def test_a_certificate_is_checked_against_the_name_and_not_the_address() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.invalid").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    def known(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    with Receiver(context=context) as secure:
        sender = HttpSender(resolve=known, trusting=trusting)
        url = f"https://hooks.invalid:{secure.port}/"
        assert post(sender, url) == Answer(204, "")
        other = post(sender, f"https://other.invalid:{secure.port}/")
        assert (other.status, "ertificate" in other.said) == (0, True)
        stranger = post(HttpSender(resolve=known), url)
        assert (stranger.status, "ertificate" in stranger.said) == (0, True)
        assert len(secure.got) == 1


def test_122_an_endless_answer_is_read_to_its_bound_and_no_further(receiver: Receiver) -> None:
    sent = 0

    def endless(_: Received) -> bytes:
        nonlocal sent
        receiver.wire.file.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while sent < 1 << 28:
            sent += receiver.wire.file.write(b"x" * 65536)
        return b""

    receiver.say = endless
    answer = post(HttpSender(), receiver.url)
    assert answer == Answer(200, "x" * LONGEST_SAID)
    assert MOST_READ < 65536


def test_122_a_slow_drip_ends_at_the_deadline_wherever_it_drips(receiver: Receiver) -> None:
    def drip(text: bytes) -> None:
        for byte in text:
            receiver.wire.file.write(bytes([byte]))
            receiver.wire.file.flush()
            time.sleep(0.05)

    def slowly(received: Received) -> bytes:
        if received.path == "/head":
            drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"s" * 4000)
        receiver.wire.file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
        drip(b"s" * 4000)
        return b""

    receiver.say = slowly
    for place in ("/head", "/body"):
        url = f"http://127.0.0.1:{receiver.port}{place}"
        answer = post(HttpSender(seconds=0.4), url)
        assert answer == Answer(0, "no whole answer within 0.4 s")


def test_122_a_flood_of_headers_is_no_answer(receiver: Receiver) -> None:
    receiver.say = lambda _: b"HTTP/1.1 200 OK\r\n" + b"X-Flood: y\r\n" * 100_000 + b"\r\n"
    answer = post(HttpSender(), receiver.url)
    assert (answer.status, answer.said[:10]) == (0, "no answer:")


def test_110_112_what_is_answered_is_kept_on_one_line_and_harmless(receiver: Receiver) -> None:
    receiver.say = lambda _: status(500, b'\x1b]52;c;ZXZpbA==\x07\nflux: {"ok": 1}\r\n\xff\xfe')
    answer = post(HttpSender(), receiver.url)
    said = '\\x1b]52;c;ZXZpbA==\\x07 flux: {"ok": 1} \ufffd\ufffd'
    assert answer == Answer(500, said)


@pytest.mark.parametrize(
    ("text", "seconds"), [("120", 120), ("0", 0), ("-5", None), ("9999999", None), ("soon", None)]
)
def test_a_receiver_may_ask_for_time(text: str, seconds: int | None, receiver: Receiver) -> None:
    receiver.say = lambda _: status(503, Retry_After=text)
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert post(HttpSender(), receiver.url).retry_after == expected


def test_nobody_there_and_no_such_name_are_answers_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "refused" in post(HttpSender(), f"http://127.0.0.1:{port}/").said
    answer = post(HttpSender(resolve=lambda *_: []), "https://nowhere.invalid/")
    assert answer == Answer(0, "no answer: nowhere.invalid has no address")
    with pytest.raises(httpcore2.ConnectError):
        resolve("a" * 70 + ".invalid", 443)


def test_what_is_not_http_is_no_answer(receiver: Receiver) -> None:
    receiver.say = lambda _: b"SSH-2.0-OpenSSH\r\n\r\n"
    assert post(HttpSender(), receiver.url).status == 0
    receiver.say = lambda _: b""
    assert post(HttpSender(), receiver.url).status == 0
    receiver.say = lambda _: TOOK
    assert post(HttpSender(), receiver.url).took


def test_a_unix_socket_is_never_connected_to() -> None:
    network = JudgedNetwork(None, private=True, plain=False)  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError):
        network.connect_unix_socket("/run/docker.sock")


def test_only_one_has_the_turn_and_a_dead_one_has_none(tmp_path: Path) -> None:
    ledger = tmp_path / "flux.db"
    with FileTurn(ledger)() as first, FileTurn(ledger)() as second:
        assert (first, second) == (True, False)
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with FileTurn(ledger)() as mine:
            os.write(tell, b"y" if mine else b"n")
            time.sleep(600)
    assert os.read(ready, 1) == b"y"
    with FileTurn(ledger)() as mine:
        assert mine is False
    os.kill(child, 9)
    os.waitpid(child, 0)
    with FileTurn(ledger)() as mine:
        assert mine is True
