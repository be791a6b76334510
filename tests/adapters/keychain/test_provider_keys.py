"""Where a provider's key comes from, and that nothing says it."""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path

import pytest

from flux_cli.adapters.keychain import watchdog
from flux_cli.adapters.keychain.provider_keys import KeyPlace, forget, read, source, store
from flux_cli.errors import InvalidInput, KeyringUnusable

PLACE = KeyPlace("openai", "OPENAI_API_KEY")
SECRET = "sk-test-canary-5f1e"


class Ring(types.ModuleType):
    """A keyring that keeps, forgets, breaks or hangs, as it is told."""

    def __init__(self, *, forgets: bool = False, breaks: bool = False, hangs: bool = False) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.forgets, self.breaks, self.hangs = forgets, breaks, hangs
        self.released = threading.Event()

    def _answer(self) -> None:
        if self.hangs:
            self.released.wait(30)
        if self.breaks:
            raise ModuleNotFoundError(f"no backend; was given {SECRET}")

    def get_password(self, service: str, name: str) -> str | None:
        self._answer()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, secret: str) -> None:
        self._answer()
        if not self.forgets:
            self.kept[service, name] = secret

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


def use(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> Ring:
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setattr(watchdog, "SECONDS", 0.05)
    return ring


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    return use(Ring(), monkeypatch)


def test_the_variable_comes_before_the_file_before_the_keyring(ring: Ring, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    named = {"OPENAI_API_KEY_FILE": str(tmp_path / "key")}
    store(PLACE, "from-keyring")

    assert (source(PLACE, {}), read(PLACE, {})) == ("keyring", "from-keyring")
    assert (source(PLACE, named), read(PLACE, named)) == ("file", "from-file")
    both = named | {"OPENAI_API_KEY": "from-variable"}
    assert (source(PLACE, both), read(PLACE, both)) == ("environment", "from-variable")


def test_what_is_kept_can_be_forgotten_once(ring: Ring) -> None:
    store(PLACE, SECRET)

    assert (forget(PLACE), forget(PLACE)) == (True, False)
    assert (source(PLACE, {}), read(PLACE, {})) == ("none", None)


def test_providers_do_not_read_each_others_keys(ring: Ring) -> None:
    store(PLACE, SECRET)

    assert read(KeyPlace("xai", "XAI_API_KEY"), {"OPENAI_API_KEY": SECRET}) is None


def test_a_keyring_that_keeps_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    use(Ring(forgets=True), monkeypatch)

    with pytest.raises(KeyringUnusable, match="does not keep") as refused:
        store(PLACE, SECRET)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("fault", ["breaks", "hangs"])
def test_a_keyring_that_breaks_or_hangs_holds_nothing_and_is_refused_for_keeping(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    ring = use(Ring(**{fault: True}), monkeypatch)

    assert read(PLACE, {}) is None
    for action in (lambda: store(PLACE, SECRET), lambda: forget(PLACE)):
        with pytest.raises(KeyringUnusable) as refused:
            action()
        assert SECRET not in f"{refused.value!r} {refused.value} {refused.value.__cause__}"
    ring.released.set()


@pytest.mark.parametrize("text", [" ", "two words", "a\nb", "kéy", "k" * 5000, "a\x00b"])
def test_what_cannot_be_a_key_is_refused_without_being_quoted(ring: Ring, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        store(PLACE, text)
    assert text.strip() == "" or text not in str(refused.value)


def test_a_file_that_is_not_there_is_named_by_its_variable(ring: Ring, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="OPENAI_API_KEY_FILE names a file that cannot be read"):
        read(PLACE, {"OPENAI_API_KEY_FILE": str(tmp_path / "missing")})
