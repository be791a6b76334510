"""Which family a model is of: models of one family err together, so they are about one vote."""

from __future__ import annotations

import re
from typing import Final

RULES_LINEAGE = "rules"
"""The family of the seats' own rules, which are no model."""

_FAMILIES: Final = {
    "anthropic": ("claude",),
    "openai": ("gpt", "chatgpt", "o1", "o3", "o4", "codex", "davinci"),
    "xai": ("grok",),
    "google": ("gemini", "gemma", "palm"),
    "meta": ("llama",),
    "mistral": ("mistral", "mixtral", "ministral", "magistral", "codestral", "devstral"),
    "alibaba": ("qwen", "qwq"),
    "deepseek": ("deepseek",),
    "microsoft": ("phi",),
    "cohere": ("command", "aya"),
    "moonshot": ("kimi", "moonshot"),
    "zhipu": ("glm", "chatglm"),
}
"""Each family and how the names of its models begin."""


def lineage_of(model: str) -> str:
    """The family of a model by its name, such as `anthropic` for `claude-sonnet-4`.

    A provider's path before the name and a size or tag after it do not count. A name nobody knows
    is a family of its own.
    """
    name = model.strip().lower()
    if name == RULES_LINEAGE or name.startswith(f"{RULES_LINEAGE}/"):
        return RULES_LINEAGE
    name = name.rpartition("/")[2].partition(":")[0]
    words = re.split(r"[^a-z0-9]+", name)
    for family, beginnings in _FAMILIES.items():
        for beginning in beginnings:
            # `o1` is a model, `o10` would be another; `llama3` is llama's third.
            exact = beginning[-1].isdigit()
            if words[0] == beginning or (not exact and words[0].startswith(beginning)):
                return family
    return name or "unknown"
