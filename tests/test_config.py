import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.config import Config, Origin, load_config
from flux_cli.config.files import BIGGEST_FILE
from flux_cli.config.keys import KEYS, SEATS, Amount, written
from flux_cli.config.providers import Price, ProviderConfig, prices_in
from flux_cli.domain.money import CREDIT, Money
from flux_cli.errors import InvalidConfig

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


@pytest.fixture
def load(home: Path) -> Callable[..., Config]:
    """Load with the files and variables given, in an empty repository."""
    work = home / "work"
    (work / ".git").mkdir()

    def run(
        user: str | None = None,
        project: str | None = None,
        flags: dict[str, str] | None = None,
        cwd: Path = work,
        **environ: str,
    ) -> Config:
        for path, text in [
            (home / ".config/flux/config.toml", user),
            (work / "flux.toml", project),
        ]:
            if text is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return load_config(flags or {}, environ, cwd)

    return run


def test_without_anything_the_defaults_hold(load: Any, home: Path) -> None:
    config = load()

    assert config.ledger.path == home / ".local/share/flux/flux.db"
    assert config.policy.per_payment == Amount("250.00", Money(250_000_000, CREDIT))
    assert config.policy.per_payment.micros == 250_000_000
    assert {name: written(value) for name, value in config.values.items()} == {
        key.name: written(key.read(key.default)) for key in KEYS
    } | {"ledger.path": str(config.ledger.path)}
    assert set(config.origins.values()) == {Origin("default")}


def test_the_five_seats_are_these() -> None:
    config = load_config({}, {}, Path.cwd())

    assert [(seat.name, seat.model, seat.backend) for seat in config.quorum.seats] == [
        ("cfo", "claude-sonnet-4", "offline"),
        ("growth", "gpt-4.1", "offline"),
        ("risk", "grok", "offline"),
        ("operations", "gpt-4o-mini", "offline"),
        ("data", "o1", "offline"),
    ]


# The example


def test_the_example_sets_every_key_to_its_default(load: Any) -> None:
    config, plain = load(user=EXAMPLE.read_text()), load_config({}, {}, Path("/"))

    assert {name: origin.source for name, origin in config.origins.items()} == {
        key.name: "user" for key in KEYS
    }
    assert (config.values, config.quorum) == (plain.values, plain.quorum)


def test_the_example_has_the_keys_in_order_and_explains_each_table() -> None:
    document = tomllib.loads(EXAMPLE.read_text())
    names = []
    for section, table in document.items():
        for key, value in table.items():
            if section == "providers":
                names += [f"{section}.{key}.{part}" for part in value]
                continue
            if key != "seats":
                names.append(f"{section}.{key}")
                continue
            names += [
                f"quorum.seats.{seat['name']}.{part}" for seat in value for part in seat
                if part != "name"
            ]  # fmt: skip

    assert names == [key.name for key in KEYS]
    lines = EXAMPLE.read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("[") and "quorum.seats" not in line:
            assert lines[number + 1].startswith("#"), line


# Who wins


def test_flag_beats_environment_beats_project_beats_user_beats_default(
    load: Any, home: Path
) -> None:
    user, project = "[run]\nseed = 1\nparallel = 2", "[run]\nseed = 2"
    user_file, project_file = home / ".config/flux/config.toml", home / "work/flux.toml"

    def seed(**given: Any) -> tuple[int, Origin]:
        config = load(**given)
        return config.run.seed, config.origins["run.seed"]

    assert seed() == (7, Origin("default"))
    assert seed(user=user) == (1, Origin("user", f"{user_file}:2"))
    assert seed(project=project) == (2, Origin("project", f"{project_file}:2"))
    assert seed(FLUX_RUN_SEED="3") == (3, Origin("env", "FLUX_RUN_SEED"))
    assert seed(FLUX_RUN_SEED="3", flags={"run.seed": "4"})[1].source == "flag"


def test_an_empty_variable_is_not_set(load: Any) -> None:
    assert load(FLUX_RUN_SEED="").run.seed == 7


def test_switches_and_amounts_come_from_the_environment(load: Any) -> None:
    config = load(FLUX_POLICY_PAUSED="true", FLUX_POLICY_PER_PAYMENT="9.5")

    assert (config.policy.paused, config.policy.per_payment.micros) == (True, 9_500_000)


def test_the_environment_of_the_owner_may_loosen(load: Any) -> None:
    assert load(FLUX_POLICY_PER_PAYMENT="900").policy.per_payment.text == "900"


def test_a_named_file_replaces_the_users_and_has_to_exist(load: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[run]\nseed = 9")

    assert load(user="[run]\nseed = 1", FLUX_CONFIG=str(other)).run.seed == 9
    assert load_config({}, {"FLUX_CONFIG": "/x"}, Path("/"), user_file=other).run.seed == 9
    with pytest.raises(InvalidConfig, match="is not a file"):
        load(FLUX_CONFIG=str(tmp_path / "missing.toml"))


def test_a_relative_ledger_counts_from_where_it_was_written(load: Any, home: Path) -> None:
    assert load(user='[ledger]\npath = "x.db"').ledger.path == home / ".config/flux/x.db"
    assert load(FLUX_DB="x.db").ledger.path == home / "work/x.db"
    assert load(FLUX_DB="~/x.db").ledger.path == home / "x.db"
    assert load(flags={"ledger.path": "y.db"}, FLUX_DB="x.db").origins["ledger.path"] == Origin(
        "flag", "--db"
    )


def test_a_seat_is_changed_by_name(load: Any) -> None:
    config = load(user='[[quorum.seats]]\nname = "risk"\nmodel = "o3"\nbackend = "llm"')

    assert [(seat.name, seat.model) for seat in config.quorum.seats if seat.backend == "llm"] == [
        ("risk", "o3")
    ]
    assert [seat.name for seat in config.quorum.seats] == [name for name, *_ in SEATS]


# The project's file


def test_the_project_file_is_the_nearest_up_to_the_repositorys_root(load: Any, home: Path) -> None:
    deep = home / "work/a/b"
    deep.mkdir(parents=True)
    (home / "flux.toml").write_text("[run]\nseed = 5")

    assert load(cwd=deep).run.seed == 7
    assert load(project="[run]\nseed = 6", cwd=deep).run.seed == 6
    (home / "work/a/flux.toml").write_text("[run]\nseed = 8")
    assert load(cwd=deep).run.seed == 8


def test_outside_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "flux.toml").write_text("[run]\nseed = 5")
    (tmp_path / "in").mkdir()

    assert load_config({}, {}, tmp_path).run.seed == 5
    assert load_config({}, {}, tmp_path / "in").run.seed == 7


TIGHTER = """
[treasury]
opening_grant = "1"
[policy]
per_payment = "10.00"
rolling_24h = "20"
approval_threshold = "0"
owner_threshold = "5"
reserve_floor_percent = 50
paused = true
[quorum]
yes_needed = 4
yes_needed_large = 5
large_amount = "1"
large_percent_of_free_cash = 1
fallback = false
[brain]
max_cost = "0.01"
[cards]
lifetime_hours = 1
[run]
out = "build/flux"
parallel = 1
seed = 99
[market]
strategy = "cheapest"
[shopping]
trust_floor = 95
"""


def test_a_project_may_tighten(load: Any) -> None:
    config = load(project=TIGHTER)

    changed = [name for name, origin in config.origins.items() if origin.source == "project"]
    assert changed == [key.name for key in KEYS if key.project != "never"]
    assert (config.policy.per_payment.text, config.policy.paused) == ("10.00", True)


def test_a_project_may_repeat_what_holds(load: Any) -> None:
    assert load(user='[policy]\nper_payment = "9"', project='[policy]\nper_payment = "9.00"')


LOOSER = [
    ("treasury", 'opening_grant = "500.01"', "may only lower it"),
    ("policy", 'per_payment = "900"', "would loosen it from 250.00"),
    ("policy", 'rolling_24h = "1000.000001"', "may only lower it"),
    ("policy", 'approval_threshold = "26"', "may only lower it"),
    ("policy", 'owner_threshold = "1001"', "may only lower it"),
    ("policy", "reserve_floor_percent = 19", "may only raise it"),
    ("quorum", "yes_needed = 2", "may only raise it"),
    ("quorum", "yes_needed_large = 3", "may only raise it"),
    ("quorum", 'large_amount = "251"', "may only lower it"),
    ("quorum", "large_percent_of_free_cash = 26", "may only lower it"),
    ("cards", "lifetime_hours = 25", "may only lower it"),
    ("cards", 'prefix = "555555"', "cannot be set by a project file"),
    ("ledger", 'path = "mine.db"', "cannot be set by a project file"),
    ("ledger", "busy_timeout_seconds = 1", "cannot be set by a project file"),
    ("run", "parallel = 3", "may only lower it"),
    ("run", 'out = "/etc"', "must stay inside"),
    ("run", 'out = "../x"', "must stay inside"),
    ("run", 'out = "~/x"', "must stay inside"),
]


@pytest.mark.parametrize(("section", "line", "why"), LOOSER, ids=[row[1] for row in LOOSER])
def test_a_project_may_not_loosen(load: Any, home: Path, section: str, line: str, why: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        load(project=f"# hello\n[{section}]\n{line}\n")

    assert refused.value.param == f"{section}.{line.split()[0]}"
    assert refused.value.message.startswith(f"{home}/work/flux.toml:3: {refused.value.param} ")
    assert why in refused.value.message


def test_a_project_may_not_undo_what_the_user_turned(load: Any) -> None:
    with pytest.raises(InvalidConfig, match="can only be turned on here"):
        load(user="[policy]\npaused = true", project="[policy]\npaused = false")
    with pytest.raises(InvalidConfig, match="can only be turned off here"):
        load(user="[quorum]\nfallback = false", project="[quorum]\nfallback = true")


def test_a_project_may_not_choose_a_model(load: Any, home: Path) -> None:
    with pytest.raises(InvalidConfig) as refused:
        load(project='[[quorum.seats]]\nname = "risk"\nmodel = "evil"')

    assert refused.value.message == (
        f"{home}/work/flux.toml:3: quorum.seats.risk.model cannot be set by a project file; "
        "it belongs in your own configuration"
    )


def test_a_project_tightens_what_the_user_set_and_not_the_default(load: Any) -> None:
    with pytest.raises(InvalidConfig, match="would loosen it from 10"):
        load(user='[policy]\nper_payment = "10"', project='[policy]\nper_payment = "100"')


# What cannot be used

WRONG = [
    ("per_payment = 250", ":2: policy.per_payment wants an amount in quotes"),
    ("per_payment = 25.0", ":2: policy.per_payment wants an amount in quotes"),
    ('per_payment = "1e3"', "wants an amount such as"),
    ('per_payment = "1_000"', "wants an amount such as"),
    ('per_payment = "-5"', "wants an amount such as"),
    ('per_payment = "٢٥"', "wants an amount such as"),
    ('per_payment = "1.0000001"', "wants an amount such as"),
    ('per_payment = ""', "wants an amount such as"),
    ("per_payment = nan", "wants an amount in quotes"),
    ("reserve_floor_percent = true", "wants a whole number from 0 to 100"),
    ("reserve_floor_percent = 101", "wants a whole number from 0 to 100"),
    ('paused = "false"', "wants true or false"),
    ("paused = 0", "wants true or false"),
    ('per_paymnt = "1"', ":2: no setting policy.per_paymnt: did you mean policy.per_payment?"),
    ("zzz = 1", "no setting policy.zzz: there are policy.per_payment, "),
    ("per_payment = {a = 1}", "wants an amount in quotes"),
]


@pytest.mark.parametrize(("line", "message"), WRONG, ids=[row[0] for row in WRONG])
def test_a_value_that_cannot_be_used_is_named_with_its_line(
    load: Any, line: str, message: str
) -> None:
    with pytest.raises(InvalidConfig) as refused:
        load(user=f"[policy]\n{line}\n")

    assert message in refused.value.message


OTHERS = [
    ("[polcy]\nx = 1", ":1: no setting polcy: did you mean policy?"),
    ("policy = 1", ":1: policy is a table: [policy]"),
    ("[quorum]\nseats = 5", ":2: write each seat as [[quorum.seats]]"),
    ('[[quorum.seats]]\nname = "cto"', ":2: no setting seat 'cto': did you mean seat 'cfo'?"),
    ('[[quorum.seats]]\nmodel = "x"', "no setting seat None"),
    ('[[quorum.seats]]\nname = "cfo"\nmodle = "x"', ":3: no setting quorum.seats.modle: did"),
    ('[[quorum.seats]]\nname = "cfo"\nbackend = "gpu"', ":3: quorum.seats.cfo.backend wants one"),
    ('[[quorum.seats]]\nname = "cfo"\n' * 2, ":4: seat 'cfo' is set twice"),
    ('[quorum.seats]\nname = "cfo"', "write each seat as [[quorum.seats]]"),
    ('[quorum]\n"seats.cfo.model" = "x"', "no setting quorum.seats.cfo.model"),
    ("[quorum]\nyes_needed = 5", "large payments need no fewer votes"),
    ('[cards]\nprefix = "4242"', "wants six to eight digits"),
    ('[cards]\nprefix = "４２４２４２"', "wants six to eight digits"),
    ('[market]\nstrategy = "dearest"', "wants one of cheapest, fastest, balanced"),
    ('[ledger]\npath = "a\\u0000b"', "wants a path in quotes"),
    ('[[quorum.seats]]\nname = "cfo"\ntitle = "\\u202e"', "wants a short line of text"),
    ("[policy", "is not TOML"),
    ("[policy]\n[policy]", "is not TOML"),
    ("a" + ".a" * 5000 + " = 1", "is nested deeper"),
    ("a = " + "[" * 5000, "is nested deeper"),
    ("#" * (BIGGEST_FILE + 1), "is larger than"),
]


@pytest.mark.parametrize(("text", "message"), OTHERS, ids=[row[0][:40] for row in OTHERS])
def test_a_file_that_cannot_be_used_says_why(load: Any, text: str, message: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        load(user=text)

    assert message in refused.value.message


def test_a_file_that_is_not_text_or_not_a_file_is_refused(load: Any, home: Path) -> None:
    odd = home / "odd.toml"
    odd.write_bytes(b"\xff\xfe")

    with pytest.raises(InvalidConfig, match="is not UTF-8"):
        load(FLUX_CONFIG=str(odd))
    with pytest.raises(InvalidConfig, match="is not a file"):
        load(FLUX_CONFIG="/dev/zero")


def test_a_misspelt_cap_in_the_environment_is_not_ignored(load: Any) -> None:
    with pytest.raises(InvalidConfig, match="did you mean FLUX_POLICY_PER_PAYMENT"):
        load(FLUX_POLICY_PER_PAYMNT="1")
    with pytest.raises(InvalidConfig, match=r"FLUX_RUN_SEED: run\.seed wants a whole number"):
        load(FLUX_RUN_SEED="0x10")


# flux config


def test_config_show_says_who_set_each_value(flux: Any, home: Path) -> None:
    (home / "work/flux.toml").write_text("[policy]\npaused = true")
    ended = flux("config", "show", "--origin", "-o", "tsv", FLUX_RUN_SEED="3")
    lines = ended.out.splitlines()

    assert lines[0] == "id\tvalue\torigin\tplace"
    assert f"policy.paused\ttrue\tproject\t{home}/work/flux.toml:2" in lines
    assert "run.seed\t3\tenv\tFLUX_RUN_SEED" in lines
    assert "policy.per_payment\t250.00\tdefault\t" in lines
    assert len(lines) == 1 + len(KEYS)


def test_config_show_at_a_terminal_fits_it(flux: Any) -> None:
    shown = flux("config", "show", "--origin", tty=True, NO_COLOR="1").out.splitlines()

    assert max(map(len, shown)) <= 80
    assert ["policy.per_payment", "$250.00"] in [line.split()[:2] for line in shown]
    plainly = flux("config", "show", tty=True, NO_COLOR="1").out.splitlines()
    assert ["policy.per_payment", "$250.00"] in [line.split() for line in plainly]


def test_config_show_is_json_as_the_file_nests_it(flux: Any) -> None:
    document = flux("config", "show", "--json").json()

    assert (document["object"], document["schema"]) == ("config", "flux.config/1")
    assert document["policy"]["per_payment"] == {
        "amount_minor": 250_000_000,
        "currency": "CREDIT",
        "exponent": 6,
        "decimal": "250.000000",
    }
    assert document["quorum"]["seats"]["risk"]["model"] == "grok"


def test_config_path_names_the_files(flux: Any, home: Path) -> None:
    assert flux("config", "path", "--json").json() == {
        "object": "config_paths",
        "schema": "flux.config_paths/1",
        "user_file": f"{home}/.config/flux/config.toml",
        "user_file_exists": False,
        "project_file": None,
        "ledger": f"{home}/.local/share/flux/flux.db",
        "ledger_exists": False,
    }


def test_a_broken_file_ends_with_2_and_the_place(flux: Any, home: Path) -> None:
    (home / "work/flux.toml").write_text('[policy]\nper_payment = "999"')
    ended = flux("config", "show")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"flux: {home}/work/flux.toml:2: policy.per_payment would loosen it from 250.00; "
        "a project file may only lower it\n"
    )


# Providers

LOCAL = '[providers.local]\nbase_url = "http://127.0.0.1:11434/v1/"\nprices = "* 0/0"\n'


def test_a_provider_of_ones_own_is_any_server_by_its_address(load: Any) -> None:
    local = load(user=LOCAL).providers["local"]

    assert local == ProviderConfig("local", "http://127.0.0.1:11434/v1", "", 60, "* 0/0")
    assert list(load().providers) == ["anthropic", "openai", "xai", "local"]


def test_a_providers_prices_are_amounts_per_million_tokens() -> None:
    config = load_config({}, {}, Path.cwd())

    assert prices_in(config.providers["openai"].prices) == {
        "gpt-4.1": Price(Money(2_000_000), Money(8_000_000)),
        "gpt-4o-mini": Price(Money(150_000), Money(600_000)),
        "o1": Price(Money(15_000_000), Money(60_000_000)),
        "*": Price(Money(15_000_000), Money(60_000_000)),
    }


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('base_url = "http://models.example/v1"', "wants https"),
        ('base_url = "http://127.0.0.1.evil.example/v1"', "wants https"),
        ('base_url = "ftp://models.example"', "begins with https"),
        ('base_url = "https://me:secret@models.example/v1"', "more than an address"),
        ('base_url = "https://models.example/v1?key=secret"', "more than an address"),
        ('base_url = "https://[::1"', "is not an address"),
        ('key_env = "sk-123"', "the name of a variable"),
        ('prices = "gpt 1/1"', "every other model"),
        ('prices = "* 1"', "wants text such as"),
        ('prices = "* -1/1"', "no amount|below zero"),
        ('prices = "* 1/1, * 2/2"', "wants text such as"),
        ('prices = "* 0.0000001/1"', "no amount"),
        ("timeout_seconds = 0", "from 1 to 600"),
        ('secret = "sk-123"', "no setting"),
    ],
)
def test_a_provider_that_cannot_be_used_is_refused(load: Any, line: str, why: str) -> None:
    with pytest.raises(InvalidConfig, match=why):
        load(user=f"[providers.openai]\n{line}\n")


@pytest.mark.parametrize("missing", ["base_url", "prices"])
def test_a_provider_of_ones_own_says_address_and_prices(load: Any, missing: str) -> None:
    lines = [line for line in LOCAL.splitlines() if not line.startswith(missing)]

    with pytest.raises(InvalidConfig, match=rf"providers.local\] has to say its {missing}"):
        load(user="\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        LOCAL,
        '[providers.openai]\nbase_url = "https://evil.example/v1"',
        '[providers.openai]\nkey_env = "HOME"',
        '[providers.openai]\nprices = "* 0/0"',
        '[providers.local]\nbase_url = ""',
        '[[quorum.seats]]\nname = "cfo"\nbackend = "llm"',
        '[[quorum.seats]]\nname = "cfo"\nmodel = "yes-man"',
        '[brain]\nbackend = "llm"',
        '[brain]\nmax_cost = "2.00"',
    ],
)
def test_a_project_neither_names_nor_changes_a_provider(load: Any, text: str) -> None:
    with pytest.raises(InvalidConfig):
        load(project=text)


def test_a_seat_whose_provider_is_not_there_is_refused_when_a_model_is_to_answer(
    load: Any,
) -> None:
    seat = '[[quorum.seats]]\nname = "cfo"\nprovider = "opena"\nbackend = "{}"'

    assert load(user=seat.format("offline")).quorum.seats[0].provider == "opena"
    with pytest.raises(InvalidConfig, match=r"no \[providers.opena\]; did you mean openai\?"):
        load(user=seat.format("llm"))
