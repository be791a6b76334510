"""The form of a ballot: what a model is asked to fill in, and how strictly it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import ModuleType
from typing import Annotated, Any, Final, Literal

import msgspec

from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.adapters.brains.seats import cfo, data, growth, operations, risk
from flux_cli.adapters.typed import convert
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import (
    BallotError,
    Conditions,
    Dossier,
    Opinion,
    Reason,
    Vote,
)
from flux_cli.errors import InvalidAmount

LONGEST_TEXT = 240

_SEATS: dict[str, ModuleType] = {
    "cfo": cfo,
    "growth": growth,
    "risk": risk,
    "operations": operations,
    "data": data,
}
SLICES: Final[dict[str, tuple[str, ...]]] = {seat: rules.SEES for seat, rules in _SEATS.items()}
"""The dossier fields each seat sees: the same for its model as for its rules."""

CODES: Final = (
    "affordable",
    "not_affordable",
    "worth_it",
    "not_worth_it",
    "payee_known",
    "payee_unknown",
    "looks_like_a_trick",
    "work_is_clear",
    "work_is_vague",
    "time_is_enough",
    "time_is_short",
    "price_is_fair",
    "price_is_high",
    "evidence_is_enough",
    "evidence_is_thin",
    "other",
)
"""What a model's reason may be called."""

_PLACE = re.compile(r"([a-z0-9_]{1,40})(?:\[([0-9]{1,3})\])?(?:\.([a-z_]{1,40}))?", re.ASCII)


class _Reason(msgspec.Struct, forbid_unknown_fields=True):
    code: Literal[CODES]  # type: ignore[valid-type]  # one list for the form and for its reading
    evidence: Annotated[str, msgspec.Meta(max_length=100)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


class _Conditions(msgspec.Struct, forbid_unknown_fields=True):
    max_amount: Annotated[str, msgspec.Meta(max_length=40)] | None
    require_escrow: bool
    require_check: bool
    human: bool


class _Ballot(msgspec.Struct, forbid_unknown_fields=True):
    vote: Literal["YES", "NO", "ABSTAIN"]
    score: Annotated[int, msgspec.Meta(ge=0, le=100)]
    confidence: Annotated[int, msgspec.Meta(ge=0, le=100)]
    risk: Annotated[int, msgspec.Meta(ge=1, le=10)]
    reasons: Annotated[list[_Reason], msgspec.Meta(min_length=1, max_length=4)]
    conditions: _Conditions


def schema(seat: str) -> dict[str, Any]:
    """The JSON Schema of a seat's ballot: every field required, none besides."""
    reason = {
        "code": {"type": "string", "enum": list(CODES)},
        "evidence": {
            "type": "string",
            "enum": list(SLICES[seat]),
            "description": "the fact this rests on",
        },
        "text": {"type": "string", "description": f"at most {LONGEST_TEXT} characters"},
    }
    conditions = {
        "max_amount": {
            "type": ["string", "null"],
            "description": "the most that may be paid, such as 40.00, or null",
        },
        "require_escrow": {"type": "boolean"},
        "require_check": {"type": "boolean"},
        "human": {"type": "boolean", "description": "the owner has to agree as well"},
    }
    return _closed(
        {
            "vote": {"type": "string", "enum": [vote.value for vote in Vote]},
            "score": {"type": "integer", "minimum": 0, "maximum": 100},
            "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
            "risk": {"type": "integer", "minimum": 1, "maximum": 10},
            "reasons": {
                "type": "array",
                "items": _closed(reason),
                "minItems": 1,
                "maxItems": 4,
            },
            "conditions": _closed(conditions),
        }
    )


def _closed(properties: Mapping[str, object]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def read_ballot(form: Mapping[str, Any], seat: str, dossier: Dossier) -> Opinion:
    """The opinion a filled-in form is. Raises `NoAnswer` saying what is wrong with it.

    `vote` alone is the verdict. A model's NO is never hard: only the seat's rules have that.
    """
    try:
        ballot = convert(form, _Ballot)
    except msgspec.ValidationError as error:
        raise NoAnswer(BallotError.SCHEMA, bounded(str(error), 160)) from None
    vote = Vote(ballot.vote)
    return Opinion(
        vote=vote,
        score=ballot.score,
        confidence=ballot.confidence,
        risk=ballot.risk,
        reasons=tuple(_reason(reason, seat, dossier) for reason in ballot.reasons),
        conditions=_conditions(ballot.conditions, dossier) if vote is Vote.YES else Conditions(),
    )


def _reason(reason: _Reason, seat: str, dossier: Dossier) -> Reason:
    if not resolves(reason.evidence, seat, dossier):
        raise NoAnswer(BallotError.SCHEMA, "a reason's evidence is not among the facts")
    text = bounded(reason.text, LONGEST_TEXT)
    if not text:
        raise NoAnswer(BallotError.SCHEMA, "a reason's text shows nothing")
    return Reason(reason.code, reason.evidence, text)


def resolves(place: str, seat: str, dossier: Dossier) -> bool:
    """Whether `amount`, `payees[0]` or `payees[0].settled` is a fact that the seat was shown."""
    match = _PLACE.fullmatch(place)
    if match is None or match[1] not in SLICES[seat]:
        return False
    value = getattr(dossier, match[1])
    if match[2] is not None:
        if not isinstance(value, tuple) or int(match[2]) >= len(value):
            return False
        value = value[int(match[2])]
    if match[3] is None:
        return True
    return is_dataclass(value) and match[3] in {field.name for field in fields(value)}


def _conditions(asked: _Conditions, dossier: Dossier) -> Conditions:
    most = None
    if asked.max_amount is not None:
        try:
            most = parse_money(asked.max_amount, dossier.amount.asset)
        except InvalidAmount:
            raise NoAnswer(BallotError.SCHEMA, "max_amount is no amount") from None
        if most.units <= 0:
            raise NoAnswer(BallotError.SCHEMA, "max_amount is not more than nothing")
    return Conditions(most, asked.require_escrow, asked.require_check, asked.human)


def with_rules(opinion: Opinion, rules: Opinion) -> Opinion:
    """A model's opinion beside its seat's own rules: it may turn their YES into NO, and a plain
    NO into YES, but what their YES asks for, its YES asks for as well.

    A hard NO of the rules is not put before a model at all.
    """
    assert not rules.hard, "a hard NO is final"
    if opinion.vote is not Vote.YES or rules.vote is not Vote.YES:
        return opinion
    return replace(opinion, conditions=_both(opinion.conditions, rules.conditions))


def _both(one: Conditions, other: Conditions) -> Conditions:
    caps: list[Money] = [cap for cap in (one.max_amount, other.max_amount) if cap is not None]
    return Conditions(
        max_amount=min(caps, key=lambda cap: cap.units) if caps else None,
        require_escrow=one.require_escrow or other.require_escrow,
        require_check=one.require_check or other.require_check,
        human=one.human or other.human,
    )
