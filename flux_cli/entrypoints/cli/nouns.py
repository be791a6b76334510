"""What `flux` knows before it loads anything: each noun and daily verb, and its module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One word after `flux`: the module whose `app` carries it out, and a line of help.

    A `noun` has verbs below it; a `verb` is a command itself, the only one of its app.
    """

    name: str
    kind: Literal["noun", "verb"]
    summary: str
    section: str

    @property
    def module(self) -> str:
        """Where `app` is; a module is named for its word."""
        return f"flux_cli.entrypoints.cli.{self.name.replace('-', '_')}"


SECTIONS = ("Every day", "Money", "Agents and their market", "Records", "Flux itself")

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "init",
        "verb",
        "Found an economy: a ledger, agents, a market, an opening grant.",
        "Every day",
    ),
    Entry("run", "verb", "Carry out a scenario or a goal, from plan to deliverables.", "Every day"),
    Entry("buy", "verb", "Turn a wish into the best cart over several shops.", "Every day"),
    Entry("pay", "verb", "Pay an agent, if its payer's policy allows it.", "Every day"),
    Entry("tui", "verb", "Watch the economy live in this terminal.", "Every day"),
    Entry("status", "verb", "Money, agents and what needs attention, at a glance.", "Every day"),
    Entry("doctor", "verb", "Check this machine, the ledger's place and its safety.", "Every day"),
    Entry("verify", "verb", "Recompute the whole ledger and name every fault.", "Every day"),
    Entry("ledger", "noun", "Balances, entries, statements, exports.", "Money"),
    Entry("payments", "noun", "Requests for money and what was decided.", "Money"),
    Entry("batch", "verb", "Pay every row of a CSV or JSON Lines file.", "Money"),
    Entry("mandates", "noun", "What agents may spend, nested; a child only narrows.", "Money"),
    Entry("wallets", "noun", "What each agent has, asset by asset.", "Money"),
    Entry("cards", "noun", "One-time virtual cards (simulated).", "Money"),
    Entry("merchant", "noun", "A simulated merchant that cards can pay at.", "Money"),
    Entry("escrow", "noun", "Money locked until work is accepted.", "Money"),
    Entry("streams", "noun", "Money per second, from one agent to another.", "Money"),
    Entry("settle", "noun", "What leaves over a chain: state, proof, recovery.", "Money"),
    Entry("pay-url", "verb", "Buy from a web address that asks for money (x402).", "Money"),
    Entry("merchants", "noun", "Whom the wallet may pay over a chain.", "Money"),
    Entry("proof", "noun", "What proves a payment to anybody, offline.", "Money"),
    Entry("wallet-key", "noun", "The wallet's key, held by the signer alone.", "Money"),
    Entry("quorum", "noun", "The five seats and their ballots.", "Money"),
    Entry("policy", "noun", "The owner's limits: written, tried, put in force.", "Money"),
    Entry("freeze", "verb", "Stop the economy, or one agent, at once.", "Money"),
    Entry("thaw", "verb", "Let a frozen economy or agent go on.", "Money"),
    Entry("agents", "noun", "Who earns and spends.", "Agents and their market"),
    Entry("market", "noun", "What agents sell, searched and ranked.", "Agents and their market"),
    Entry(
        "contracts",
        "noun",
        "Hires: agreed, handed in, accepted or given back.",
        "Agents and their market",
    ),
    Entry("carts", "noun", "Carts over several shops, explained and changed.", "Records"),
    Entry("retailers", "noun", "The shops that `flux buy` searches.", "Agents and their market"),
    Entry("runs", "noun", "Goals carried out, and those to resume.", "Records"),
    Entry("scenarios", "noun", "Goals ready to run.", "Records"),
    Entry("db", "noun", "The ledger's file: checked, backed up, put back.", "Flux itself"),
    Entry("recover", "verb", "Accept a ledger file that was put back on purpose.", "Flux itself"),
    Entry("serve", "verb", "Serve the ledger over HTTP, to programs with a key.", "Flux itself"),
    Entry("keys", "noun", "Keys for programs that use `flux serve`.", "Flux itself"),
    Entry("auth", "noun", "The secrets of the models' providers.", "Flux itself"),
    Entry("webhooks", "noun", "Who is told of the ledger's events.", "Flux itself"),
    Entry("config", "noun", "What Flux is set to, and by whom.", "Flux itself"),
    Entry("mcp", "noun", "An agent's money as tools for a model (MCP).", "Flux itself"),
    Entry("skill", "verb", "A skill file: how an agent uses Flux from a shell.", "Flux itself"),
    Entry("completion", "verb", "Print the completion script for a shell.", "Flux itself"),
    Entry("help", "verb", "Explain exit codes, environment variables or formats.", "Flux itself"),
)
"""Loading a module costs milliseconds, so only the one that is called for is imported.

A new command is a row here and a module with an `app` from `noun()` or `daily()`.
"""
