"""The SDK on a server: a real one on a real socket, over a ledger that a test can look into."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.api_keys import Scope
from flux_cli.entrypoints.http.serve import listen, url_of
from flux_cli.entrypoints.rest.app import rest_app
from flux_cli.entrypoints.rest.door import Limits
from flux_cli.entrypoints.rest.serve import RestServer, run
from flux_cli.entrypoints.sdk.given import caps_from
from flux_cli.sdk import Agent, AgentPaySDK, AsyncAgentPaySDK, Policy
from flux_cli.usecases.api_keys import KeyRequest, create_key
from flux_cli.usecases.change_caps import change_caps
from flux_cli.usecases.found_economy import found_ledger
from flux_cli.usecases.ports import Deps


class Served:
    """A server in a thread, on a ledger in a folder."""

    def __init__(self, folder: Path) -> None:
        config = load_config({"ledger.path": str(folder / "flux.db")}, os.environ, folder)
        self.deps: Deps = open_flux(config)
        found_ledger(self.deps)
        self.key = self.key_for(frozenset(Scope))
        self.failures = list[str]()
        """Where the server failed, which no test may bring about."""
        leaving, self._listening = threading.Event(), listen(0)
        app = rest_app(self.deps, self._log, Limits(rate=5_000), leaving)
        self._server = RestServer(app, leaving)
        self._thread = threading.Thread(target=run, args=(self._server, self._listening))
        self._thread.start()
        self.url = url_of(self._listening)

    def _log(self, _step: str, /, **facts: object) -> None:
        if "error" in facts:
            self.failures.append(str(facts))

    def key_for(self, scopes: frozenset[Scope], **more: Any) -> str:
        """A new key's text."""
        return create_key(self.deps, KeyRequest(scopes=scopes, **more))[1]

    def close(self) -> None:
        """Stop the server and let go of the ledger."""
        self._server.should_exit = True
        self._thread.join(60)
        self._listening.close()
        close_flux(self.deps)
        assert self.failures == []


class OwnersRemote(AgentPaySDK):
    """The owner with an SDK and a terminal: what nobody may do over HTTP is done there."""

    def __init__(self, served: Served) -> None:
        super().__init__(api_key=served.key, base_url=served.url)
        self.served = served

    @property
    def _deps(self) -> Deps:
        return self.served.deps

    def update_agent_policy(self, agent_id: str, policy: Policy) -> Agent:
        try:
            return super().update_agent_policy(agent_id, policy)
        except PermissionError:
            change_caps(self.served.deps, agent_id, caps_from(policy), as_owner=True)
            found = self.get_agent(agent_id)
            assert found is not None
            return found

    def close(self) -> None:
        super().close()
        self.served.close()


class OwnersAsync:
    """The same with the asyncio SDK, driven by whichever thread a test calls it in."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._deps = served.deps
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._sdk = AsyncAgentPaySDK(api_key=served.key, base_url=served.url)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._sdk, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(method(*args, **kwargs), self._loop).result(60)

        return called

    def update_agent_policy(self, agent_id: str, policy: Policy) -> Agent:
        try:
            return self.__getattr__("update_agent_policy")(agent_id, policy)  # type: ignore[no-any-return]
        except PermissionError:
            change_caps(self.served.deps, agent_id, caps_from(policy), as_owner=True)
            return self.__getattr__("get_agent")(agent_id)  # type: ignore[no-any-return]

    def __enter__(self) -> OwnersAsync:
        return self

    def __exit__(self, *_: object) -> None:
        self.__getattr__("close")()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()
        self.served.close()
