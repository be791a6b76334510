"""The campaign, whole: amounts, files, refusals, crashes and company."""

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

FLUX = [sys.executable, "-m", "flux_cli"]
NET = {"orchestrator": -120, "researcher": 50, "content-writer": 30, "image-generator": 40}
LANTERN = """# Lumo
A solar-powered camping lantern that packs flat.
## Audience
Campers
## Voice
playful
## Features
- Charges fully in 6 hours of sun
- Runs 40 hours on low
- Weighs 310 grams
## Call to action
Light your next trip
"""


def flux(*argv: str, cwd: Path, **options) -> subprocess.CompletedProcess:
    environ = {**os.environ, "FLUX_DB": str(cwd / "flux.db"), "CI": "1"}
    return subprocess.run(
        [*FLUX, *argv], cwd=cwd, env=environ, capture_output=True, text=True, check=False, **options
    )


def dollars(money: dict) -> int:
    assert money["amount_minor"] % 1_000_000 == 0
    return money["amount_minor"] // 1_000_000


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("campaign")
    done = flux("run", "marketing-campaign", "--json", "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_the_campaign_asks_is_approved_hires_and_pays_exactly(campaign):
    _, run = campaign

    assert run["state"] == "completed"
    assert dollars(run["payment"]["amount"]) == 120
    assert [ballot["vote"] for ballot in run["ballots"]] == ["YES"] * 5
    assert [(hire["agent"], dollars(hire["price"]), hire["state"]) for hire in run["hires"]] == [
        ("researcher", 50, "settled"),
        ("content-writer", 30, "settled"),
        ("image-generator", 40, "settled"),
    ]
    assert {row["agent"]: dollars(row["change"]) for row in run["balances"]} == NET
    card = run["card"]
    assert (card["state"], dollars(card["limit"]), dollars(card["spent"])) == ("used", 120, 120)
    assert card["number"].startswith("424242••••••")


def test_every_entry_sums_to_zero(campaign):
    _, run = campaign
    sums = [sum(leg["amount"]["amount_minor"] for leg in e["postings"]) for e in run["entries"]]

    assert sums == [0] * 8


def test_every_deliverable_is_there_with_its_hash(campaign):
    folder, run = campaign
    found = {
        item["path"]: hashlib.sha256((folder / "out" / item["path"]).read_bytes()).hexdigest()
        for item in run["deliverables"]
    }

    assert found == {item["path"]: item["sha256"] for item in run["deliverables"]}
    manifest = json.loads((folder / "out/manifest.json").read_text())
    assert {item["path"]: item["sha256"] for item in manifest["files"]} == {
        path: digest for path, digest in found.items() if path != "manifest.json"
    }


def test_the_records_agree_with_the_run_and_verify(campaign):
    folder, run = campaign

    cards = json.loads(flux("cards", "list", "--json", cwd=folder).stdout)["data"]
    assert [(card["id"], card["state"]) for card in cards] == [(run["card"]["id"], "used")]
    assert flux("verify", cwd=folder).returncode == 0


def test_a_finished_run_resumed_changes_nothing(campaign):
    folder, run = campaign
    again = flux("runs", "resume", run["id"], "--json", cwd=folder)

    assert again.returncode == 0
    assert json.loads(again.stdout)["entries"] == run["entries"]


def test_the_same_key_finds_the_same_run(tmp_path):
    first = flux("run", "simple-hire", "--idempotency-key", "k", "-q", cwd=tmp_path)
    second = flux("run", "simple-hire", "--idempotency-key", "k", "-q", cwd=tmp_path)
    other = flux("run", "simple-hire", "--idempotency-key", "k", "--seed", "8", cwd=tmp_path)

    assert first.stdout == second.stdout
    assert (first.returncode, second.returncode, other.returncode) == (0, 0, 8)


def test_a_brief_never_seen_gives_other_work(campaign, tmp_path):
    folder, _ = campaign
    (tmp_path / "lantern.md").write_text(LANTERN)
    goal = "Launch a campaign for a solar-powered camping lantern"
    done = flux("run", goal, "--brief", "lantern.md", "--out", "out", "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Lumo" in (tmp_path / "out/copy/copy.md").read_text()
    claims = json.loads((tmp_path / "out/research/claims.json").read_text())["claims"]
    assert {claim["source"] for claim in claims} == {"lantern.md"}
    assert all(claim["quote"] in LANTERN for claim in claims)
    for name in ("banner-1200x628.png", "banner-1080x1080.png"):
        ours, theirs = tmp_path / "out/images" / name, folder / "out/images" / name
        assert ours.read_bytes() != theirs.read_bytes()


def test_a_budget_too_small_is_denied_before_anything_is_hired(tmp_path):
    done = flux("run", "marketing-campaign", "--budget", "100", "--json", cwd=tmp_path)
    error = json.loads(done.stdout)["error"]

    assert (done.returncode, error["code"]) == (3, "budget_exceeded")
    assert error["suggestion"]["max_amount_minor"] == 100_000_000
    assert error["limit"]["used_minor"] == 120_000_000
    assert error["detail"]["entries"] == []
    assert {hire["state"] for hire in error["detail"]["hires"]} == {"refused"}


def test_a_frozen_economy_moves_nothing(tmp_path):
    assert flux("freeze", cwd=tmp_path).returncode == 0
    done = flux("run", "marketing-campaign", cwd=tmp_path)

    assert done.returncode == 8
    kinds = json.loads(flux("ledger", "entries", "--json", cwd=tmp_path).stdout)["data"]
    assert [entry["kind"] for entry in kinds] == ["top_up"]


def test_two_runs_at_once_on_one_ledger_both_finish(tmp_path):
    environ = {**os.environ, "FLUX_DB": str(tmp_path / "flux.db"), "CI": "1"}
    runs = [
        subprocess.Popen(
            [*FLUX, "run", "marketing-campaign", "--out", str(tmp_path / name)],
            cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    spoken = [run.communicate(timeout=120)[1] for run in runs]

    assert [run.returncode for run in runs] == [0, 0], spoken
    assert not any("locked" in text for text in spoken)
    assert flux("verify", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ("schema = 1", "schema"),
        ("not toml", "TOML"),
        ('schema = "flux.scenario/1"\nname = "broken"', "title"),
    ],
    ids=["wrong type", "not TOML", "fields missing"],
)
def test_a_broken_scenario_names_file_and_field(tmp_path, scenario, says):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "scenario.toml").write_text(scenario)
    done = flux("run", "./broken", cwd=tmp_path)

    assert done.returncode == 2
    assert "broken/scenario.toml" in done.stderr
    assert says in done.stderr


def test_an_unknown_scenario_suggests_the_nearest(tmp_path):
    done = flux("run", "marketing-campain", cwd=tmp_path)

    assert done.returncode == 5
    assert "did you mean marketing-campaign?" in done.stderr


def test_a_folder_here_is_a_scenario_by_its_bare_name_and_never_in_place_of_one_of_ours(tmp_path):
    for name in ("market-check", "simple-hire"):
        assert flux("scenarios", "new", name, cwd=tmp_path).returncode == 0

    assert flux("run", "market-check", "--dry-run", cwd=tmp_path).returncode == 0
    ours = flux("run", "simple-hire", "--dry-run", "--json", cwd=tmp_path).stdout
    assert "coffee machine" in ours


def test_a_goal_no_plan_follows_from_is_refused_with_the_nearest_scenarios(tmp_path):
    done = flux("run", "mend my bicycle", cwd=tmp_path)

    assert done.returncode == 2
    assert "marketing-campaign" in done.stderr


def test_a_place_that_cannot_be_written_is_refused_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    done = flux("run", "marketing-campaign", "--db", "file/flux.db", cwd=tmp_path)

    assert done.returncode == 2
    assert "cannot make a ledger" in done.stderr


def test_a_disk_that_takes_no_more_stops_the_run_and_loses_nothing(tmp_path):
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    assert flux("init", cwd=tmp_path).returncode == 0
    start = ("run", "marketing-campaign", "--out", str(tmp_path / "out"))
    done = flux(*start, cwd=tmp_path, preexec_fn=small_files)
    assert (done.returncode, "Traceback" in done.stderr) == (7, False), done.stderr

    assert flux("verify", cwd=tmp_path).returncode == 0
    assert flux(*start, cwd=tmp_path).returncode == 0
    assert flux("verify", cwd=tmp_path).returncode == 0


def test_a_folder_of_somebody_elses_is_not_written_into(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/diary.txt").write_text("mine")
    done = flux("run", "marketing-campaign", "--out", "out", cwd=tmp_path)

    assert done.returncode == 2
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["diary.txt"]


def test_a_copied_file_verifies_until_one_bit_of_it_flips(campaign, tmp_path):
    folder, run = campaign
    data = bytearray((folder / "flux.db").read_bytes())
    (tmp_path / "copy.db").write_bytes(data)
    whole = flux("verify", "--db", "copy.db", "--json", cwd=tmp_path)
    data[data.find(run["payment"]["purpose"].encode())] ^= 1
    (tmp_path / "copy.db").write_bytes(data)
    flipped = flux("verify", "--db", "copy.db", "--json", cwd=tmp_path)

    assert (whole.returncode, json.loads(whole.stdout)["faults"]) == (0, 0)
    assert flipped.returncode == 9
    assert json.loads(flipped.stdout)["faults"] > 0
