"""Joins the configured brains to their adapters: rules, models, and where their keys are."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from flux_cli.config import Config
from flux_cli.config.providers import ANY_MODEL, ProviderConfig, prices_in
from flux_cli.domain.money import Money
from flux_cli.errors import NotFound
from flux_cli.usecases.brain_ports import Answered, Brain, Patience, Question

if TYPE_CHECKING:
    from flux_cli.adapters.brains.llm.endpoint import Endpoint

A = TypeVar("A")


class LoadedBrain:
    """The brain that is configured, loaded at its first question; `most` lowers its cost cap."""

    def __init__(self, config: Config, most: Money | None = None) -> None:
        self._config, self._most, self._lock = config, most, Lock()
        self._brain: Brain | None = None

    def ask(self, question: Question[A]) -> Answered[A]:
        """Raises `CannotPlan` for a goal no template fits."""
        with self._lock:  # five seats ask at once, and share what one brain knows and spends
            if self._brain is None:
                self._brain = _brain(self._config, self._most)
        return self._brain.ask(question)


def _brain(config: Config, most: Money | None) -> Brain:
    askers = [seat.backend for seat in config.quorum.seats]
    painter = _painter(config)
    if painter is None and "llm" not in (*askers, config.brain.backend, config.brain.specialists):
        from flux_cli.adapters.brains.offline import OfflineBrain

        return OfflineBrain()
    from flux_cli.adapters.brains.llm.brain import LiveBrain

    quorum, planner = config.quorum, config.brain
    return LiveBrain(
        {
            seat.name: _endpoint(config, seat.provider, seat.model, seat.timeout_seconds)
            for seat in quorum.seats
            if seat.backend == "llm"
        },
        _endpoint(config, planner.provider, planner.model, planner.timeout_seconds)
        if planner.backend == "llm"
        else None,
        fallback=quorum.fallback,
        soft_seconds=quorum.soft_seconds,
        cap=planner.max_cost.money if most is None else min(most, planner.max_cost.money),
        lowered=most is not None,
        specialist=_endpoint(config, planner.provider, planner.model, planner.timeout_seconds)
        if planner.specialists == "llm"
        else None,
        painter=painter,
    )


def _endpoint(config: Config, name: str, model: str, seconds: int) -> Endpoint:
    from flux_cli.adapters.brains.llm.endpoint import Endpoint

    provider = config.providers[name]
    prices = prices_in(provider.prices)
    price = prices.get(model, prices[ANY_MODEL])
    return Endpoint(
        provider=name,
        base_url=provider.base_url,
        model=model,
        seconds=seconds,
        request_seconds=min(provider.timeout_seconds, seconds),
        price_given=price.given.units,
        price_made=price.made.units,
        key=_key(provider) if provider.key_env else None,
        variable=provider.key_env,
    )


def _painter(config: Config) -> Endpoint | None:
    """Where pictures are asked for; nowhere without a price."""
    images = config.images
    if images.price is None or not images.asked:
        return None
    from flux_cli.adapters.brains.llm.pictures import MOST_ANSWER, PATH

    chat = _endpoint(config, images.provider, images.model, images.timeout_seconds)
    each = images.price.units
    return replace(
        chat, path=PATH, price_given=0, price_made=0, price_each=each, most_bytes=MOST_ANSWER
    )


def _key(provider: ProviderConfig) -> Callable[[], str | None]:
    """How a provider's key is had: read when it is first needed, and kept by nobody else."""
    from flux_cli.adapters.keychain.provider_keys import KeyPlace, read

    found: list[str] = []

    def key() -> str | None:
        if not found and (secret := read(KeyPlace(provider.name, provider.key_env), os.environ)):
            found.append(secret)
        return found[0] if found else None

    return key


def patience_of(config: Config) -> Patience:
    """How long the seats that are models are waited for."""
    quorum = config.quorum
    models = {seat.name: seat.timeout_seconds for seat in quorum.seats if seat.backend == "llm"}
    return Patience(quorum.soft_seconds, quorum.total_seconds, models)


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a provider answers: with which model, how fast, and what is wrong if it does not."""

    provider: str
    model: str
    host: str
    ok: bool
    detail: str
    latency_ms: int


def probe_provider(config: Config, name: str) -> Probe:
    """Ask a provider for one word, which costs a handful of tokens; raises `NotFound`."""
    from flux_cli.adapters.brains.llm.brain import probe

    provider = config.providers.get(name)
    uses = [(seat.provider, seat.model) for seat in config.quorum.seats]
    uses.append((config.brain.provider, config.brain.model))
    model = next((model for user, model in uses if user == name), None)
    if provider is None or model is None:
        raise NotFound(f"no seat is set to a provider called {name!r}", subject=name)
    endpoint = _endpoint(config, name, model, min(provider.timeout_seconds, PROBE_SECONDS))
    began = perf_counter()
    fault = probe(endpoint)
    took = round((perf_counter() - began) * 1000)
    return Probe(name, model, endpoint.host, fault is None, fault or "answers", took)


PROBE_SECONDS = 10
