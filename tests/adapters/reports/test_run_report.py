"""The report shows everything that happened, loads nothing, and obeys no stranger's text."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from flux_cli.adapters.reports.run_report import RunReports, markdown
from flux_cli.domain.contracts import ContractState
from flux_cli.domain.journal import EntryKind
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import SEATS, Vote
from flux_cli.domain.runs import RunState

START = datetime(2026, 11, 22, 9, 30, 12, tzinfo=UTC)
VOID = {"meta", "img", "br", "link", "input", "hr"}
HOSTILE = (
    "<script>alert(1)</script> [link](javascript:alert(1)) **bold** `code` | cell \x1b[31m\u202e "
    '"><img src=https://evil.example/x.png onerror=alert(1)> https://evil.example\n# Heading'
)


def dollars(amount: float) -> Money:
    return Money(round(amount * 1_000_000))


def sample() -> dict[str, Any]:
    """A completed campaign: three hires, five YES, every state and field filled in."""
    tasks = [
        ("research", "research-brief", "Research the market for refillable soap", 8.0),
        ("copy", "copywriting", "Write the campaign copy in a warm, plain voice", 9.5),
        ("images", "banner-design", "Draw the banner set in six sizes", 13.2),
    ]
    agents = {"research": "mara-insights", "copy": "plainspoken", "images": "studio-north"}
    checks = {
        "research": [("questions_answered", "9 of 9 questions", "at least 8 of 9"),
                     ("claims_cited", "41 claims, 41 with a source", "every claim"),
                     ("figures_match", "17 of 17 figures found word for word", "every figure")],
        "copy": [("lengths", "all 31 texts within their limits", "every text"),
                 ("reading_grade", "grade 6.2", "5 to 8"),
                 ("claims_backed", "12 of 12 facts backed", "every fact")],
        "images": [("sizes", "6 of 6 files at their exact size", "6 sizes"),
                   ("contrast", "lowest ratio 7.4", "4.5 or more"),
                   ("text_in_safe_area", "nothing is cut", "inside the safe area")],
    }  # fmt: skip
    summaries = {
        "research": "Nine questions answered from four supplied documents; one gap is named.",
        "copy": "Landing page, e-mail, three ads and a week of posts, all from cited claims.",
        "images": "Six banners with one motif and one headline, drawn from the brief's palette.",
    }
    hires = [
        {
            "id": f"hire_{key}", "task": key, "title": title, "agent": agents[key],
            "trade": trade, "price": dollars(price), "state": ContractState.SETTLED,
            "checks": [
                {"name": n, "passed": True, "wanted": w, "found": f} for n, f, w in checks[key]
            ],
            "files": 6 if key == "images" else 2, "summary": summaries[key], "backend": "rules",
            "revisions": int(key == "copy"),
            "ranking": [
                {"provider": agents[key], "quote": dollars(price), "score": 8412,
                 "parts": {"fit": 8750, "quality": 7900, "price": 9100, "speed": 10000,
                           "reliability": 6400}, "ineligible": None},
                {"provider": "quickquill", "quote": dollars(price * 0.9), "score": 7120,
                 "parts": {"fit": 6250, "quality": 6100, "price": 10000, "speed": 8000,
                           "reliability": 5900}, "ineligible": None},
                {"provider": "atelier-grand", "quote": dollars(40), "score": 0, "parts": {},
                 "ineligible": "quotes $40.00, the task allows $15.00"},
            ],
        }
        for key, trade, title, price in tasks
    ]  # fmt: skip
    reasons = {
        "cfo": ("within_budget", "free_cash", "$50.00 is 10% of $500.00 free cash."),
        "growth": ("return_plausible", "claimed_return", "The claimed $180.00 is 3.6 times."),
        "risk": ("payees_known", "payees", "All three payees have delivered before."),
        "operations": ("slack_enough", "slack_hours", "The plan leaves 22 hours of slack."),
        "data": ("prices_in_range", "prices", "Every price lies below the median of its trade."),
    }
    ballots = [
        {
            "id": f"bal_{seat}", "seat": seat, "vote": Vote.YES, "hard": False,
            "score": 74 + 3 * place, "confidence": 80 + place, "risk": 2 + place % 3,
            "reasons": [
                dict(zip(("code", "evidence", "text"), reasons[seat], strict=True)),
                {"code": "checks_present", "evidence": "acceptance_checks",
                 "text": "Nine acceptance checks stand between the money and the payees."},
            ],
            "conditions": {"max_amount": dollars(50) if seat == "cfo" else None,
                           "require_escrow": seat in ("cfo", "risk"),
                           "require_check": seat == "operations", "human": False},
            "backend": "rule", "model": "", "latency_ms": 3 + place, "cost": dollars(0),
        }
        for place, seat in enumerate(SEATS)
    ]  # fmt: skip
    entries = [
        entry(1, EntryKind.HOLD, "Budget set aside", "wallet:brand-owner", "held:brand-owner", 50),
        entry(2, EntryKind.CARD_LOAD, "Card loaded", "held:brand-owner", "card:card_7Q2", 50),
    ]
    for key, _, title, price in tasks:
        for kind, source, target in (
            (EntryKind.ESCROW_FUND, "card:card_7Q2", f"escrow:hire_{key}"),
            (EntryKind.ESCROW_RELEASE, f"escrow:hire_{key}", f"wallet:{agents[key]}"),
        ):
            entries.append(entry(len(entries) + 1, kind, title, source, target, price))
    entries.append({
        "id": "ent_9", "seq": 9, "kind": EntryKind.RELEASE, "memo": "Unspent money returned",
        "recorded_at": START, "postings": [
            {"account": "card:card_7Q2", "amount": dollars(-19.3)},
            {"account": "wallet:brand-owner", "amount": dollars(19)},
            {"account": "world", "amount": dollars(0.3)}]})  # fmt: skip
    names = [("research/research.md", "text/markdown"),
             ("research/claims.json", "application/json"),
             ("copy/copy.md", "text/markdown"), ("copy/index.html", "text/html")]  # fmt: skip
    sizes = ("1200x628", "1080x1080", "1080x1920", "728x90", "300x250", "160x600")
    names += [(f"images/banner-{size}.png", "image/png") for size in sizes]
    return {
        "id": "run_01JD8Z6K4T", "scenario": "marketing-campaign",
        "goal": "Launch refillable hand soap to young families with a campaign that costs at most "
        "$50", "state": RunState.COMPLETED, "simulated": True, "requester": "brand-owner",
        "seed": 42, "strategy": "balanced", "out": "/home/kim/flux/run_01JD8Z6K4T",
        "budget": dollars(60), "created_at": START, "error": "",
        "finished_at": START + timedelta(minutes=2, seconds=41),
        "plan": {"digest": "ab" * 32, "tasks": [
            {"id": key, "trade": trade, "title": title, "needs": [], "produces": [f"{key}.md"],
             "max_price": dollars(15), "deadline_hours": 24} for key, trade, title, _ in tasks]},
        "payment": {
            "id": "int_55", "state": "captured", "amount": dollars(50), "purpose": "marketing",
            "justification": "A first campaign for the refill range: research, copy and banners "
            "that can run next week, paid only when each piece passes its checks.",
            "claimed_return": dollars(180), "urgency": "medium",
            "shares": [{"payee": agents[k], "amount": dollars(p)} for k, _, _, p in tasks],
            "captured": dollars(30.7), "released": dollars(19.3), "refusals": [],
            "most_that_would_pass": None},
        "decision": {"id": "dec_31", "verdict": "approved", "made_at": START + timedelta(seconds=4),
                     "policy_version": 3, "request_digest": "9f8e7d6c5b4a" + "0" * 52,
                     "tally": {"outcome": "approved", "yes": 5, "no": 0, "abstain": 0,
                               "missing": 0, "needed": 3}},
        "ballots": ballots,
        "card": {"id": "card_7Q2", "number": "424242••••••1234", "holder": "brand-owner",
                 "purpose": "marketing", "usage": "until_spent", "limit": dollars(50),
                 "spent": dollars(30.7), "released": dollars(19.3), "remaining": dollars(0),
                 "state": "used", "issued_at": START, "expires_at": START + timedelta(days=7),
                 "simulated": True},
        "hires": hires, "entries": entries,
        "balances": [{"agent": "brand-owner", "change": dollars(-31)}] + [
            {"agent": agents[k], "change": dollars(p)} for k, _, _, p in tasks],
        "deliverables": [
            {"path": path, "media_type": kind, "bytes": 4127 * (n + 1) ** 2,
             "sha256": f"{n + 10:x}".zfill(2) * 32} for n, (path, kind) in enumerate(names)],
    }  # fmt: skip


def entry(
    seq: int, kind: EntryKind, memo: str, source: str, target: str, amount: float
) -> dict[str, Any]:
    legs = ((source, dollars(-amount)), (target, dollars(amount)))
    return {
        "id": f"ent_{seq}", "seq": seq, "kind": kind, "memo": memo, "recorded_at": START,
        "postings": [{"account": account, "amount": money} for account, money in legs],
    }  # fmt: skip


def denied() -> dict[str, Any]:
    """A run that the voters refused: nothing was hired, paid or made."""
    run = sample()
    run["payment"]["state"] = "denied"
    run["payment"]["captured"] = run["payment"]["released"] = dollars(0)
    run["payment"]["most_that_would_pass"] = dollars(20)
    run["payment"]["refusals"] = [
        {"code": "over_budget", "message": "The amount is over the daily limit.",
         "limit": 20_000_000, "observed": 50_000_000, "unit": "money"},
        {"code": "too_many", "message": "Too many requests.", "limit": 3, "observed": 4,
         "unit": "requests"},
    ]  # fmt: skip
    run["decision"]["verdict"] = "denied"
    run["decision"]["tally"] |= {"outcome": "hard_no", "yes": 2, "no": 1, "abstain": 1}
    run["decision"]["tally"]["missing"] = 1
    run["ballots"] = run["ballots"][:4]
    run["ballots"][2] |= {"vote": Vote.NO, "hard": True}
    run["ballots"][3] |= {"vote": Vote.ABSTAIN}
    run |= {"state": RunState.DENIED, "error": "the request was denied", "card": None}
    return run | {"hires": [], "entries": [], "balances": [], "deliverables": []}


def hostile() -> dict[str, Any]:
    """The sample in which every text that a stranger could have written is an attack."""
    run = sample()
    trusted = {"id", "seat", "vote", "state", "media_type", "verdict", "sha256", "provider"}

    def poison(value: Any, key: str = "") -> Any:
        if type(value) is str and key not in trusted:
            return f"{value} {HOSTILE}"
        if isinstance(value, dict):
            return {name: poison(item, name) for name, item in value.items()}
        return [poison(item, key) for item in value] if isinstance(value, list) else value

    return dict(poison(run))


def empty() -> dict[str, Any]:
    """A run that stopped before it had a plan."""
    nothing = {"plan": None, "payment": None, "decision": None, "card": None, "budget": None}
    return denied() | nothing | {"ballots": [], "finished_at": None, "state": RunState.FAILED}


def rendered(document: dict[str, Any]) -> tuple[str, str]:
    (_, _, text), (_, _, page) = RunReports().render(document)
    return text.decode(), page.decode()


class Page(HTMLParser):
    """The elements of a page; fails where a tag is not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"


def test_both_files_are_named_typed_and_the_same_every_time() -> None:
    first, second = RunReports().render(sample()), RunReports().render(copy.deepcopy(sample()))
    assert first == second
    assert [item[:2] for item in first] == [
        ("report.md", "text/markdown"),
        ("report.html", "text/html"),
    ]


@pytest.mark.parametrize("make", [sample, denied, hostile, empty])
def test_the_page_parses_and_loads_nothing(make: Any) -> None:
    _, page = rendered(make())
    found = Page(page)
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form", "svg"}
    for _, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            target = attributes.get(name)
            assert target is None or re.fullmatch(r"[\w%.~-]+(/[\w%.~-]+)*", target), target
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_text_is_shown_and_has_no_power() -> None:
    text, page = rendered(hostile())
    assert "<script" not in page.lower()
    assert "&lt;script&gt;" in page
    for file in (text, page):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", file)
        assert r"\x1b" in file or r"\\x1b" in file
    assert "<script" not in text
    assert "<img" not in text
    prose = re.sub(r"```sh\n.*?```", "", text, flags=re.S)
    assert not re.search(r"(?<!\\)\]\(javascript", prose)
    assert "**bold" not in prose
    assert "https://" not in prose
    assert not re.search(r"^# Heading", text, re.M)
    for line in prose.splitlines():
        if line.startswith("| ") and "Movement" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5, 6)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("images/a b.png", "images/a%20b.png"),
        ("javascript:alert(1).png", "javascript%3Aalert%281%29.png"),
        ("../../etc/secret.png", None),
        ("//evil.example/x.png", None),
        ("/etc/x.png", None),
        ("images/\u202egnp.png", None),
    ],
)
def test_links_stay_in_the_folder(path: str, shown: str | None) -> None:
    run = sample()
    run["deliverables"] = [{**run["deliverables"][-1], "path": path}]
    found = Page(rendered(run)[1])
    links = [attributes["href"] for tag, attributes in found.elements if tag == "a"]
    assert set(links) == ({shown} if shown else set())


def test_everything_that_happened_is_in_both_files() -> None:
    run = sample()
    text, page = rendered(run)
    for hire in run["hires"]:
        for word in (hire["agent"], hire["title"], str(hire["price"]), hire["summary"][:20]):
            assert word in text
            assert word in page
    for seat in SEATS:
        assert f">{seat}</h3>" in page
        assert f"### Seat: {seat}" in text
    for item in run["entries"]:
        assert f'<td class="number quiet">{item["seq"]}</td>' in page
        assert f"| {item['seq']} | " in text
        for posting in item["postings"]:
            assert posting["account"] in page
    for item in run["deliverables"]:
        assert item["path"] in page
        assert f"{item['sha256']}  {item['path']}" in text
    assert page.count("<img ") == 6
    for words in ("SIMULATED MONEY", "424242••••••1234", "flux verify", "sha256sum -c"):
        assert words in page
        assert words in text
    assert "flux runs show run_01JD8Z6K4T" in text
    assert "5<small>/5</small>" in page
    assert "Every entry sums to zero.</strong>" in page
    assert "84.1" in page


def test_an_entry_that_does_not_cancel_out_is_not_hidden() -> None:
    run = sample()
    run["entries"][3]["postings"][0]["amount"] = dollars(-1)
    for file in rendered(run):
        assert "Not every entry sums to zero" in file
        assert "8 of 9" in file


def test_a_denied_run_says_why() -> None:
    text, page = rendered(denied())
    for file in (text, page):
        assert "The amount is over the daily limit." in file
        assert "$20.00" in file
        assert "4 requests" in file
        assert "Nobody was hired." in file
        assert "Nothing was delivered." in file
        assert "ABSTAIN" in file
    assert "no ballot" in page
    assert "Planned, not hired" in page
    assert "None" not in page


def test_a_run_without_a_plan_renders() -> None:
    text, page = rendered(empty())
    assert "No vote was held" in page
    assert "No decision was made" in text
    assert "None" not in page


def test_markdown_has_no_power() -> None:
    assert markdown("a|b [x](y) `z` <b> &amp; _i_ snake_case *s*") == (
        r"a\|b \[x\](y) \`z\` &lt;b&gt; &amp;amp; \_i\_ snake_case \*s\*"
    )
    assert markdown("x\n# y\x1b") == r"x \# y\\x1b"
