"""Looks for a card's secrets wherever they could have been left behind."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Canary:
    """What must be nowhere: a card's number and CVV, and the secret they come from.

    The CVV has twelve digits here, so that finding it is no coincidence.
    """

    number: str
    cvv: str
    secret: bytes

    @cache  # noqa: B019 - one of a few, for as long as the tests
    def forms(self) -> dict[str, bytes]:
        """Each secret as it could be written, by what it would be called."""
        groups = [self.number[at : at + 4] for at in range(0, 16, 4)]
        number, cvv = self.number.encode(), self.cvv.encode()
        return {
            "number": number,
            "number in groups": " ".join(groups).encode(),
            "number with dashes": "-".join(groups).encode(),
            "number backwards": number[::-1],
            "number without its end": number[:12],
            "number without its prefix": number[6:],
            "number in UTF-16": self.number.encode("utf-16-le"),
            "number in base64": base64.b64encode(number)[:20],
            "number in hexadecimal": number.hex().encode(),
            "number as an integer": int(self.number).to_bytes(7),
            "CVV": cvv,
            "CVV in base64": base64.b64encode(cvv),
            "secret": self.secret,
            "secret in hexadecimal": self.secret.hex().encode(),
            "secret in base64": base64.b64encode(self.secret)[:42],
        }

    def found_in(self, content: bytes) -> list[str]:
        """What of it `content` holds."""
        low = content.lower()
        return [
            name
            for name, form in self.forms().items()
            if form in content or (form.isalnum() and form.lower() in low)
        ]

    def found_below(self, folder: Path, apart_from: Iterable[Path] = ()) -> list[str]:
        """Every file below `folder` that holds some of it, or is called by it."""
        apart = {path.resolve() for path in apart_from}
        hits = []
        for path in sorted(folder.rglob("*")):
            named = self.found_in(str(path.relative_to(folder)).encode())
            held = []
            if path.is_file() and path.resolve() not in apart:
                held = self.found_in(path.read_bytes())
            hits += [f"{path}: {name}" for name in (*named, *held)]
        return hits

    def found_in_processes(self) -> list[str]:
        """Every process whose arguments or environment hold some of it, as `ps` would show."""
        hits = []
        for process in PROCESSES.glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    content = process.joinpath(name).read_bytes()
                except OSError:
                    continue  # it has ended, or is not ours to look into
                hits += [f"{process.name} {name}: {found}" for found in self.found_in(content)]
        return hits


def watched(
    canary: Canary, argv: list[str], environ: Mapping[str, str], **options: str
) -> tuple[subprocess.CompletedProcess[bytes], list[str]]:
    """A command that has ended, and what was seen of the canary among processes meanwhile."""
    process = subprocess.Popen(
        argv, env=environ, stdin=-3, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    hits: set[str] = set()
    while True:
        hits.update(canary.found_in_processes())
        try:
            out, err = process.communicate(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        done = subprocess.CompletedProcess(argv, process.returncode, out, err)
        return done, sorted(hits)
