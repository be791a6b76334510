import io
import json
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path

import pytest

from flux_cli.domain.money import CREDIT, USDC, Money, parse_money
from flux_cli.entrypoints.cli.document import (
    Answer,
    Column,
    Document,
    Listing,
    jsonable,
    money_json,
    time_json,
)
from flux_cli.entrypoints.cli.output import Format, Wish, rendered
from flux_cli.entrypoints.cli.table import SHORT_ID, STATES, fitted
from flux_cli.entrypoints.cli.terminal import Terminal, encodable
from flux_cli.errors import InvalidInput


def credit(amount: str) -> Money:
    return parse_money(amount, CREDIT)


PIPE = Terminal(
    out=io.StringIO(),
    err=io.StringIO(),
    out_is_tty=False,
    err_is_tty=False,
    colored=False,
    width=None,
    utf8=True,
    github=False,
)
TTY = Terminal(
    out=io.StringIO(),
    err=io.StringIO(),
    out_is_tty=True,
    err_is_tty=True,
    colored=False,
    width=80,
    utf8=True,
    github=False,
)

WHEN = datetime(2026, 5, 1, 12, 0, 5, tzinfo=UTC)
CARD = {
    "id": "card_01J9ZK7Q3V8WABCDEFGHJKMNPQ",
    "status": "active",
    "agent": "writer",
    "amount": credit("120"),
    "created_at": WHEN,
}
SPENT = CARD | {
    "id": "card_01J9ZK7Q3V8WABCDEFGHJKMNPR",
    "status": "denied",
    "agent": "=cmd|' /C calc'!A0",
    "amount": Money(-1_500, USDC),
}
COLUMNS = (
    Column("id", "Card", "id"),
    Column("status", "Status", "status"),
    Column("agent", "Agent"),
    Column("amount", "Amount", "money"),
)
CARDS = Listing("card", [CARD, SPENT], COLUMNS, next="c2")
ONE = Document("card", CARD)


def text(
    answer: Answer,
    form: Format | None = None,
    terminal: Terminal = PIPE,
    *,
    fields: str | None = None,
    jq: str | None = None,
    quiet: bool = False,
) -> str:
    return rendered(answer, Wish(form, fields, jq, quiet), terminal)


def sized(width: int) -> Terminal:
    return Terminal(TTY.out, TTY.err, True, True, False, width, True, False)


# JSON


def test_one_object_is_its_name_id_and_schema_and_then_its_fields() -> None:
    assert list(json.loads(text(ONE, Format.JSON)).items()) == [
        ("object", "card"),
        ("id", CARD["id"]),
        ("schema", "flux.card/1"),
        ("status", "active"),
        ("agent", "writer"),
        (
            "amount",
            {
                "amount_minor": 120_000_000,
                "currency": "CREDIT",
                "exponent": 6,
                "decimal": "120.000000",
            },
        ),
        ("created_at", "2026-05-01T12:00:05Z"),
    ]


def test_a_list_is_one_document_with_its_cursor() -> None:
    document = json.loads(text(CARDS, Format.JSON))

    assert {key: value for key, value in document.items() if key != "data"} == {
        "object": "list",
        "schema": "flux.list/1",
        "has_more": True,
        "next": "c2",
    }
    assert [item["id"] for item in document["data"]] == [CARD["id"], SPENT["id"]]


def test_an_empty_list_is_still_a_document() -> None:
    assert json.loads(text(Listing("card", [], COLUMNS), Format.JSON)) == {
        "object": "list",
        "schema": "flux.list/1",
        "data": [],
        "has_more": False,
        "next": None,
    }


def test_jsonl_is_one_object_a_line() -> None:
    lines = text(CARDS, Format.JSONL).splitlines()

    assert [json.loads(line)["id"] for line in lines] == [CARD["id"], SPENT["id"]]


def test_fields_pick_dotted_paths_in_the_order_asked() -> None:
    picked = text(ONE, Format.JSON, fields="amount.decimal,id,amount.currency")

    assert list(json.loads(picked).items()) == [
        ("amount", {"decimal": "120.000000", "currency": "CREDIT"}),
        ("id", CARD["id"]),
    ]


def test_a_field_nobody_has_is_refused_and_those_there_are_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        text(CARDS, fields="id,stats")

    assert refused.value.param == "--fields"
    assert refused.value.message == (
        "no field 'stats': did you mean status? "
        "there are object, id, schema, status, agent, amount, created_at"
    )


def test_jq_sees_the_document_and_writes_strings_bare() -> None:
    assert text(CARDS, jq=".data[].agent") == "writer\n=cmd|' /C calc'!A0\n"
    assert text(CARDS, jq=".data[0] | {status, n: 1}") == '{"status": "active", "n": 1}\n'


def test_a_wrong_jq_expression_is_a_usage_error() -> None:
    with pytest.raises(InvalidInput, match="jq: "):
        text(CARDS, jq=".data[")


def test_jq_cannot_bring_an_escape_to_the_terminal() -> None:
    assert text(Document("x", {"a": "\x1b[2J"}), jq=".a") == "\\x1b[2J\n"


def test_json_strings_hold_no_raw_control_and_lose_nothing() -> None:
    naughty = "\x1b]0;t\x07 \x7f \x9b \u202e \u2028 \U000e0041 \n é"
    shown = text(Document("x", {"a": naughty}), Format.JSON)

    assert json.loads(shown)["a"] == naughty
    assert set(shown) - set(map(chr, range(32, 127))) == {"\n", "é"}


def test_a_lone_surrogate_becomes_a_replacement_character_in_json() -> None:
    assert json.loads(text(Document("x", {"a": "\udc80"}), Format.JSON))["a"] == "\ufffd"


def test_json_for_a_stream_that_is_not_utf8_is_ascii() -> None:
    latin = Terminal(PIPE.out, PIPE.err, False, False, False, None, False, False)

    assert text(Document("x", {"a": "é…"}), Format.JSON, latin).isascii()


# values


class Colour(Enum):
    RED = "red"


def test_values_become_json() -> None:
    values = [Colour.RED, Path("/a"), (1, None), {"k": True}, {"b", "a"}, 0.5]

    assert jsonable(values) == ["red", "/a", [1, None], {"k": True}, ["a", "b"], 0.5]


@pytest.mark.parametrize("value", [object(), float("nan"), b"bytes"])
def test_a_value_without_an_agreed_form_is_a_bug(value: object) -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        jsonable(value)


def test_times_are_utc_with_a_z() -> None:
    east = timezone(timedelta(hours=2))

    assert time_json(datetime(2026, 5, 1, 14, tzinfo=east)) == "2026-05-01T12:00:00Z"
    with pytest.raises(ValueError, match="without a zone"):
        time_json(datetime(2026, 5, 1))  # noqa: DTZ001


def test_money_has_one_shape() -> None:
    assert money_json(-5, "USDC", 6) == {
        "amount_minor": -5,
        "currency": "USDC",
        "exponent": 6,
        "decimal": "-0.000005",
    }
    assert money_json(7, "JPY", 0)["decimal"] == "7"


# separated values


def test_into_a_pipe_goes_tsv_with_a_header_and_nothing_shortened() -> None:
    long = CARD | {"agent": "a\tb\n" + "x" * 200}

    assert text(Listing("card", [long], COLUMNS)) == (
        f"id\tstatus\tagent\tamount\n{CARD['id']}\tactive\ta b {'x' * 200}\t120.00\n"
    )


def test_one_object_in_tsv_is_a_line_a_field() -> None:
    nested = Document("x", {"id": "x_1", "limit": {"cap": credit("5"), "on": True}, "tags": []})

    assert text(nested) == "field\tvalue\nid\tx_1\nlimit.cap\t5.00\nlimit.on\ttrue\ntags\t\n"


def test_tsv_with_fields_has_those_columns() -> None:
    assert text(CARDS, fields="amount.currency,agent") == (
        "amount.currency\tagent\nCREDIT\twriter\nUSDC\t=cmd|' /C calc'!A0\n"
    )


def test_csv_keeps_formulas_text_and_numbers_numbers() -> None:
    cells = ["=1", "+1", "-1", "@x", "\tx", "\rx", " =1", "plain"]
    rows = [{"cell": cell, "amount": Money(-1_500_000, USDC), "n": -3} for cell in cells]
    columns = (Column("cell", "Cell"), Column("amount", "A", "money"), Column("n", "N", "number"))

    assert text(Listing("x", rows, columns), Format.CSV).splitlines() == [
        "cell,amount,n",
        "'=1,-1.50,-3",
        "'+1,-1.50,-3",
        "'-1,-1.50,-3",
        "'@x,-1.50,-3",
        "' x,-1.50,-3",
        "' x,-1.50,-3",
        "' =1,-1.50,-3",
        "plain,-1.50,-3",
    ]


def test_markdown_is_aligned_and_its_cells_are_not_markup() -> None:
    row = CARD | {"agent": "a|b <i>*x*"}

    assert text(Listing("card", [row], COLUMNS[1:]), Format.MD) == (
        "| Status | Agent | Amount |\n"
        "| --- | --- | ---: |\n"
        "| active | a\\|b \\<i\\>\\*x\\* | $120.00 |\n"
    )


def test_quiet_is_ids_one_a_line() -> None:
    assert text(CARDS, quiet=True) == f"{CARD['id']}\n{SPENT['id']}\n"
    assert text(ONE, quiet=True) == f"{CARD['id']}\n"


@pytest.mark.parametrize(
    "wish",
    [
        Wish(Format.CSV, jq="."),
        Wish(Format.JSON, quiet=True),
        Wish(quiet=True, fields="id"),
        Wish(jq=".", quiet=True),
    ],
)
def test_two_forms_at_once_are_refused(wish: Wish) -> None:
    with pytest.raises(InvalidInput):
        rendered(ONE, wish, PIPE)


# tables


def test_a_table_is_aligned_with_money_to_the_right() -> None:
    rows = [CARD | {"id": "card_1"}, SPENT | {"id": "card_2", "agent": "東京"}]

    assert text(Listing("card", rows, COLUMNS), terminal=TTY) == (
        "Card    Status    Agent         Amount\n"
        "card_1  ● active  writer       $120.00\n"
        "card_2  ✗ denied  東京    -0.0015 USDC\n"
    )


def test_a_table_keeps_to_the_width_and_never_breaks_a_number() -> None:
    rows = [CARD | {"agent": "a very long name of an agent " * 3}]

    for width in (80, 60, 50):
        lines = text(Listing("card", rows, COLUMNS), terminal=sized(width)).splitlines()
        assert max(map(len, lines)) <= width
        assert "$120.00" in lines[1]
        assert "…" in lines[1]


def test_an_id_is_shortened_last_and_keeps_its_end() -> None:
    lines = text(Listing("card", [CARD], COLUMNS), terminal=sized(44)).splitlines()

    assert lines[1] == f"card_…{str(CARD['id'])[-SHORT_ID:]}  ● active  writer  $120.00"


def test_where_no_shortening_is_enough_each_row_is_a_block() -> None:
    assert text(Listing("card", [CARD | {"id": "card_1"}], COLUMNS), terminal=sized(20)) == (
        "Card    card_1\nStatus  ● active\nAgent   writer\nAmount  $120.00\n"
    )


def test_text_gives_way_before_ids_and_the_last_text_first() -> None:
    columns = (Column("a", "a"), Column("b", "b", "number"), Column("c", "c"))

    assert fitted(columns, [20, 5, 20], 49) == [20, 5, 20]
    assert fitted(columns, [20, 5, 20], 44) == [20, 5, 15]
    assert fitted(columns, [20, 5, 20], 34) == [15, 5, 10]
    assert fitted(columns, [20, 5, 20], 20) is None


def test_one_object_is_a_line_a_field_and_wraps_between_words() -> None:
    shown = text(Document("x", {"id": "x_1", "goal": "word " * 20 + "end"}), terminal=sized(40))

    assert shown == (
        "id    x_1\n"
        "goal  word word word word word word word\n"
        "      word word word word word word word\n"
        "      word word word word word word end\n"
    )


def test_an_object_shows_its_lists_as_tables() -> None:
    document = Document(
        "run",
        {"id": "run_1", "state": "done", "ended_at": WHEN, "tasks": [{"name": "a", "n": 2}]},
        tables={"tasks": (Column("name", "Task"), Column("n", "N", "number"))},
        headings={"tasks": "Tasks"},
    )

    assert text(document, terminal=TTY) == (
        "id        run_1\n"
        "state     ✓ done\n"
        "ended at  2026-05-01 12:00:05Z\n"
        "\n"
        "Tasks\n"
        "  Task  N\n"
        "  a     2\n"
    )


def test_markup_in_text_is_only_text() -> None:
    rows = [{"id": "[/red][link=x]", "agent": ":bomb: [IMPORTANT]"}]
    colored = Terminal(TTY.out, TTY.err, True, True, True, 80, True, False)
    shown = text(Listing("x", rows, (Column("id", "I"), Column("agent", "A"))), terminal=colored)

    assert "[/red][link=x]  :bomb: [IMPORTANT]" in shown


def test_colour_is_only_where_the_terminal_takes_it() -> None:
    colored = Terminal(TTY.out, TTY.err, True, True, True, 80, True, False)

    assert "\x1b[32m● active" in text(CARDS, Format.TABLE, colored)
    assert "\x1b" not in text(CARDS, Format.TABLE, TTY)


def test_no_raw_control_reaches_a_coloured_terminal() -> None:
    colored = Terminal(TTY.out, TTY.err, True, True, True, 80, True, False)
    document = Document("x", {"id": "x_1", "status": "\x1b]52;c;x\x07", "note": "a\u202eb\x9b"})
    shown = text(document, terminal=colored)

    assert "\x07" not in shown
    assert "\x1b]" not in shown
    assert not {"\u202e", "\x9b"} & set(shown)


def test_glyphs_have_ascii_forms_as_wide() -> None:
    ascii_stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    for glyph, _, _ in STATES:
        plain = encodable(glyph, ascii_stream)
        assert plain.isascii()
        assert len(plain) == 1
    assert encodable("東", ascii_stream) == "\\u6771"


def test_no_state_has_two_glyphs() -> None:
    words = [word for _, _, words in STATES for word in words.split()]

    assert sorted(words) == sorted(set(words))
