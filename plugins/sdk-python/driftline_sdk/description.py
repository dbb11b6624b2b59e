"""What a plugin says of itself: the JSON object of the contract's `describe`."""

import json
import types
import typing
from dataclasses import MISSING, asdict, dataclass, field, fields


@dataclass(frozen=True)
class Input:
    """A column that a plugin asks for."""

    name: str
    #: "number", "category" or "timestamp", or a list of these, the preferred one first.
    kind: str | list[str] = "number"
    doc: str = ""
    #: Whether the plugin wants rows whose cell is missing; else the runtime leaves them out.
    nullable: bool = False
    optional: bool = False
    repeated: bool = False


@dataclass(frozen=True)
class Output:
    """A value that a plugin reports; a name that ends in `/*` stands for many."""

    name: str
    doc: str = ""
    #: Which way is better: "higher", "lower" or "neutral".
    direction: str = "neutral"
    #: The smallest and the largest possible value.
    range: tuple[float | None, float | None] = (None, None)
    #: Suggested levels of a monitor: {"warning": ..., "critical": ...}.
    thresholds: dict[str, float] | None = None


@dataclass(frozen=True)
class Description:
    name: str
    #: A semantic version.
    version: str
    doc: str = ""
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    #: "none", "optional" or "required".
    reference: str = "none"
    merges: bool = True

    def to_json(self, parameters: type) -> str:
        description = asdict(self)
        for output in description["outputs"]:
            if output["thresholds"] is None:
                del output["thresholds"]
        return json.dumps(description | {"parameters": schema_of(parameters)})


def parameter(default: typing.Any = MISSING, doc: str = "", **schema: typing.Any) -> typing.Any:
    """A field of a dataclass of parameters; `schema` holds further words of JSON Schema, such as `minimum=0`."""
    return field(default=default, metadata={"description": doc, **schema})


_TYPES = {float: "number", int: "integer", bool: "boolean", str: "string", type(None): "null"}


def schema_of(parameters: type) -> dict[str, typing.Any]:
    """The JSON Schema of a dataclass of numbers, integers, booleans and strings, each of which may be optional."""
    hints = typing.get_type_hints(parameters)
    properties = {each.name: _property(each, hints[each.name]) for each in fields(parameters)}
    required = [each.name for each in fields(parameters) if each.default is MISSING]
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def _property(each: typing.Any, hint: typing.Any) -> dict[str, typing.Any]:
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    names = [_TYPES[alternative] for alternative in (typing.get_args(hint) if is_union else [hint])]
    schema = {"type": names if is_union else names[0], **each.metadata}
    return schema if each.default is MISSING else schema | {"default": each.default}
