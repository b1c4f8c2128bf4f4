"""The JSON Schema of what `mikey-sdp matrix --json` prints."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.scenario.matrix_words import CONDITIONS
from mikey_sdp.trace import Matrix

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def matrix_schema() -> dict[str, Any]:
    """The schema, with the names of modes, columns and conditions as the fixed lists that they are.

    Keeps: under `conditions` the situations of each column in their order, the baseline first.
    """
    schema = msgspec.json.schema(Matrix)
    definitions = schema["$defs"]
    conditions = sorted({condition for words in CONDITIONS.values() for condition in words})
    for name in ("MatrixCondition", "PolicyChoice"):
        definitions[name]["properties"]["condition"]["enum"] = conditions
    definitions["PolicyChoice"]["properties"]["column"]["enum"] = list(CONDITIONS)
    definitions["MatrixRow"]["properties"]["cells"]["propertyNames"] = {"enum": list(CONDITIONS)}
    for name in ("MatrixRow", "PropertyRow", "CriteriaRow"):
        definitions[name]["properties"]["mode"]["enum"] = [str(mode) for mode in Mode]
    return {"$schema": _DIALECT, **schema, "conditions": {column: list(words) for column, words in CONDITIONS.items()}}
