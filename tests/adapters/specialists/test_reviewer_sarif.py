"""The SARIF log has the shape that SARIF 2.1.0 (OASIS, 27 March 2020) prescribes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

import pytest
from planted import plant, review_of
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flux_cli.adapters.specialists.reviewer.code_reviewer import CodeReviewer


class Strict(BaseModel):
    """SARIF forbids properties it does not name (`additionalProperties: false`)."""

    model_config = ConfigDict(extra="forbid", strict=True)


Count = Annotated[int, Field(ge=1)]
Level = Literal["none", "note", "warning", "error"]


class Message(Strict):  # §3.11
    text: str


class ToolComponent(Strict):  # §3.19
    name: Annotated[str, Field(min_length=1)]
    version: str


class Configuration(Strict):  # §3.50
    level: Level


class Rule(Strict):  # §3.49
    id: str
    shortDescription: Message  # noqa: N815
    fullDescription: Message  # noqa: N815
    help: Message
    defaultConfiguration: Configuration  # noqa: N815
    properties: dict[str, object]


class Driver(Strict):  # §3.19
    name: Annotated[str, Field(min_length=1)]
    semanticVersion: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]  # noqa: N815
    rules: list[Rule]


class Tool(Strict):  # §3.18
    driver: Driver
    extensions: list[ToolComponent]


class ArtifactLocation(Strict):  # §3.4
    uri: str
    uriBaseId: str  # noqa: N815


class Region(Strict):  # §3.30
    startLine: Count  # noqa: N815
    startColumn: Count  # noqa: N815
    snippet: Message


class PhysicalLocation(Strict):  # §3.29
    artifactLocation: ArtifactLocation  # noqa: N815
    region: Region


class Location(Strict):  # §3.28
    physicalLocation: PhysicalLocation  # noqa: N815


class Suppression(Strict):  # §3.35
    kind: Literal["inSource", "external"]


class Result(Strict):  # §3.27
    ruleId: str  # noqa: N815
    ruleIndex: Annotated[int, Field(ge=-1)]  # noqa: N815
    level: Level
    message: Message
    locations: list[Location]
    partialFingerprints: dict[str, str]  # noqa: N815
    suppressions: list[Suppression]
    properties: dict[str, object]


class BaseId(Strict):
    description: Message


class Run(Strict):  # §3.14
    tool: Tool
    columnKind: Literal["utf16CodeUnits", "unicodeCodePoints"]  # noqa: N815
    originalUriBaseIds: dict[str, BaseId]  # noqa: N815
    results: list[Result]
    properties: dict[str, object]


class Log(Strict):  # §3.13
    schema_: Annotated[str, Field(alias="$schema")]
    version: Literal["2.1.0"]
    runs: list[Run]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("out")
    plant(tree)
    (tree / "a b#c.py").write_text("import os  # noqa\n")
    CodeReviewer().work(review_of(tree), out)
    return (out / "findings.sarif").read_text(encoding="utf-8")


def test_the_log_has_every_property_sarif_wants_and_none_it_does_not_know(text: str) -> None:
    run = Log.model_validate_json(text).runs[0]

    assert len(run.results) == 86
    for result in run.results:
        assert run.tool.driver.rules[result.ruleIndex].id == result.ruleId
        place = result.locations[0].physicalLocation.artifactLocation
        assert place.uriBaseId in run.originalUriBaseIds
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", place.uri)
        assert not place.uri.startswith("/")
    assert len({rule.id for rule in run.tool.driver.rules}) == len(run.tool.driver.rules)


def test_what_the_authors_silenced_is_a_suppressed_result(text: str) -> None:
    results = Log.model_validate_json(text).runs[0].results
    quiet = [result for result in results if result.suppressions]

    assert [result.ruleId for result in quiet] == ["unused-import"]
    uri = quiet[0].locations[0].physicalLocation.artifactLocation.uri
    assert (uri, unquote(uri)) == ("a%20b%23c.py", "a b#c.py")


def test_the_shape_notices_what_is_wrong(text: str) -> None:
    for wrong in ('"level": "fatal"', '"level": "error", "colour": "red"'):
        with pytest.raises(ValidationError):
            Log.model_validate_json(text.replace('"level": "error"', wrong, 1))
    with pytest.raises(ValidationError):
        Log.model_validate_json(json.dumps(json.loads(text) | {"version": "2.2.0"}))


def test_the_security_rules_carry_a_cwe_and_a_score(text: str) -> None:
    rules = {rule.id: rule for rule in Log.model_validate_json(text).runs[0].tool.driver.rules}

    assert rules["sql-injection"].properties == {
        "tags": ["security", "external/cwe/cwe-089"],
        "problem.severity": "high",
        "security-severity": "8.0",
    }


def test_every_scenario_path_in_the_log_is_below_the_tree(text: str, tmp_path: Path) -> None:
    for result in Log.model_validate_json(text).runs[0].results:
        uri = unquote(result.locations[0].physicalLocation.artifactLocation.uri)
        assert (tmp_path / uri).resolve().is_relative_to(tmp_path.resolve())
