"""What was measured on: the facts a number means nothing without."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flux_cli.adapters.store.place import current_mode, file_system

MACHINE: dict[str, object] = {}
"""Facts of the machine and of what was measured on it."""


def describe_machine(root: Path) -> None:
    """Fill in `MACHINE`; warns where the disk is memory."""
    kind = file_system(root.resolve())
    MACHINE.update(
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        default_mode=f"{current_mode().journal}/{current_mode().synchronous}",
        file_system=kind,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        load_before=round(os.getloadavg()[0], 2),
    )
    for package in ("psycopg", "django", "django-hordak"):
        try:
            MACHINE[package] = version(package)
        except PackageNotFoundError:
            MACHINE[package] = "not installed"
    if kind in ("tmpfs", "ramfs"):
        print(f"{root} is in memory, where nothing is durable: use --directory", file=sys.stderr)
