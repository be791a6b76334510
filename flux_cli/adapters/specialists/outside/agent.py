"""Work by an agent on the web: one POST, to an address that was looked at, and nothing followed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flux_cli.adapters.specialists.outside.task import received, task_document
from flux_cli.domain.text import visible
from flux_cli.domain.web_addresses import refused_address
from flux_cli.domain.work import Assignment, Submission
from flux_cli.errors import WorkFailed

if TYPE_CHECKING:
    import httpx2

SECONDS = 120.0
LARGEST_ANSWER = 32 << 20


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent at `url`, which the owner allows; it has `seconds` for its answer, all in all."""

    url: str
    seconds: float = SECONDS
    largest: int = LARGEST_ANSWER

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Ask it, and put what it sends into the folder; raises `WorkFailed`."""
        task = task_document(assignment, send=True)
        try:
            answer = asyncio.run(self._ask(task))
        except TimeoutError:
            raise WorkFailed(f"it took longer than {self.seconds:g} s") from None
        return received(answer, folder)

    async def _ask(self, task: bytes) -> bytes:
        import httpx2

        parts = urlsplit(self.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        async with asyncio.timeout(self.seconds):
            address = await _address(host, port)
            shown = f"[{address}]" if ":" in address else address
            # The name is sent and proved, the address that was looked at is connected to.
            url = httpx2.URL(self.url).copy_with(host=shown)
            headers = {
                "host": parts.netloc,
                "content-type": "application/json",
                "accept": "application/json",
                "accept-encoding": "identity",
                "user-agent": "flux",
            }
            try:
                async with (
                    httpx2.AsyncClient(
                        follow_redirects=False, trust_env=False, timeout=None
                    ) as client,
                    client.stream(
                        "POST",
                        url,
                        content=task,
                        headers=headers,
                        extensions={"sni_hostname": host},
                    ) as response,
                ):
                    return await self._read(response)
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                said = visible(f"{type(error).__name__}: {error}")[:200]
                raise WorkFailed(f"no whole answer came ({said})") from None

    async def _read(self, response: httpx2.Response) -> bytes:
        status = response.status_code
        if status != 200:
            why = "sends us elsewhere" if 300 <= status < 400 else "gives no work"
            raise WorkFailed(f"it {why} (status {status})")
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise WorkFailed("its answer is compressed")
        whole = bytearray()
        async for chunk in response.aiter_raw():
            whole += chunk
            if len(whole) > self.largest:
                raise WorkFailed(f"it answered with more than {self.largest} bytes")
        return bytes(whole)


async def _address(host: str, port: int) -> str:
    """Where to connect: every address of the name is looked at; raises `WorkFailed`.

    An address of this machine or of its network is connected to only where it is written out,
    for then the owner has seen it.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise WorkFailed(f"there is no {visible(host)[:80]}") from None
    addresses = [str(one[4][0]) for one in found]
    if host != "localhost" and not _is_written(host):
        for address in addresses:
            if why := refused_address(address, private=False):
                raise WorkFailed(f"{visible(host)[:80]} leads to {address}, {why}")
    return addresses[0]


def _is_written(host: str) -> bool:
    """Whether a host is an address in its usual form; 0x7f.1 and 2130706433 are not."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
