"""A listing as other agents' registries read it: ERC-8004 records and an A2A agent card.

Export only: nothing is registered anywhere, and every amount in them is simulated. ERC-8004: the
registration file and the arguments of `giveFeedback`; A2A 1.0: AgentCard, whose prices are in an
extension, because it has no field for them.
"""

from __future__ import annotations

from flux_cli.domain.canonical import digest
from flux_cli.domain.contracts import Contract
from flux_cli.domain.identifiers import ALPHABET
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.reviews import Review
from flux_cli.usecases.describe_run import Document
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.reputations import reputations

REGISTRATION = "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"
PRICES = "https://flux.invalid/extensions/prices/v1"
"""What names the extension; a name, which no one is to fetch."""

A2A_VERSION = "1.0"
ENDPOINT = "urn:flux:listing:"


def agent_card(listing: Listing) -> Document:
    """The listing as an A2A agent card; there is no server, so its interface is a URN."""
    tags = sorted({listing.trade, *listing.trade.split("-")})
    return {
        "name": listing.provider,
        "description": listing.description,
        "version": "1",
        "supportedInterfaces": [
            {
                "url": ENDPOINT + listing.id,
                "protocolBinding": "urn:flux:cli",
                "protocolVersion": A2A_VERSION,
            }
        ],
        "capabilities": {
            "streaming": False,
            "pushNotifications": False,
            "extensions": [_prices(listing)],
        },
        "defaultInputModes": ["text/plain", "text/markdown"],
        "defaultOutputModes": list(listing.media_types),
        "skills": [
            {
                "id": listing.id,
                "name": listing.title,
                "description": listing.description,
                "tags": tags,
                "outputModes": list(listing.media_types),
            }
        ],
    }


def _prices(listing: Listing) -> Document:
    return {
        "uri": PRICES,
        "description": "SIMULATED price range of a job, by its size, and the p90 of its hours.",
        "required": False,
        "params": {
            "currency": listing.price_min.asset.code,
            "minimum": listing.price_min.decimal,
            "maximum": listing.price_max.decimal,
            "turnaroundHours": listing.turnaround_hours,
            "simulated": True,
        },
    }


def registration(deps: Deps, reader: Reader, listing: Listing) -> Document:
    """The provider's ERC-8004 registration file; `registrations` is empty, as it is in none."""
    found = reputations(deps, reader, [listing.provider])[listing.provider]
    return {
        "type": REGISTRATION,
        "name": listing.provider,
        "description": listing.description,
        "image": "",
        "services": [
            {"name": "A2A", "endpoint": ENDPOINT + listing.id, "version": A2A_VERSION},
        ],
        "x402Support": False,
        "active": listing.active,
        "registrations": [],
        "supportedTrust": ["reputation"],
        "flux": {"quality": found.proven.quality, "reliability": found.proven.reliability},
    }


def feedback(reader: Reader, listing: Listing) -> list[Document]:
    """The reviews of the listing's contracts as arguments of ERC-8004's `giveFeedback`.

    `value` is of 100 with no decimals; the hash is SHA-256 of the review's canonical JSON, where
    the standard's registries keep the hash of the file at `feedbackURI`.
    """
    records: list[Document] = []
    for review in reader.find(Review, provider=listing.provider, oldest_first=True):
        contract = reader.get(Contract, review.contract_id)
        if contract.listing_id == listing.id:
            records.append(_feedback(listing, contract, review))
    return records


def _feedback(listing: Listing, contract: Contract, review: Review) -> Document:
    return {
        "agentId": agent_number(listing.id),
        "clientAddress": None,
        "client": review.author,
        "value": 20 * review.stars,
        "valueDecimals": 0,
        "tag1": listing.trade,
        "tag2": contract.state.value,
        "endpoint": ENDPOINT + listing.id,
        "feedbackURI": f"urn:flux:review:{review.id}",
        "feedbackHash": "0x" + digest(review),
        "contract": contract.id,
    }


def agent_number(listing_id: str) -> int:
    """A listing's id as the number that an ERC-721 token has: its own 128 bits."""
    number = 0
    for character in listing_id.partition("_")[2]:
        number = number << 5 | ALPHABET.index(character)
    return number


def listing_card(deps: Deps, reader: Reader, listing: Listing) -> Document:
    """All of it in one document."""
    return {
        "id": listing.id,
        "simulated": True,
        "a2a_agent_card": agent_card(listing),
        "erc8004_registration": registration(deps, reader, listing),
        "erc8004_feedback": feedback(reader, listing),
    }
