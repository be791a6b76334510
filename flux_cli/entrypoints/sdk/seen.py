"""Agents, payments and escrows of the domain as the SDK's objects."""

from __future__ import annotations

import json

from flux_cli.domain import agents, escrows, intents
from flux_cli.domain.escrows import EscrowState
from flux_cli.domain.intents import IntentState
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.notes import Note, note_id
from flux_cli.domain.refusals import Refusal
from flux_cli.entrypoints.sdk.given import cents_of
from flux_cli.entrypoints.sdk.objects import (
    Agent,
    Escrow,
    EscrowStatus,
    PaymentIntent,
    PaymentStatus,
    Policy,
    Wallet,
)
from flux_cli.usecases.caps import caps_of
from flux_cli.usecases.change_caps import own_policy
from flux_cli.usecases.ports import Reader
