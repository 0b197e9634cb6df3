"""Writes the shapes of requests, OpenAI's, Anthropic's and Google's, of the types in their official SDKs. Run with a
Python that has what tests/requirements.txt names. With `--check` writes nothing, and fails when the files are not as
it would write them.

A shape is a name (`string`, `integer`, `number`, `boolean`, `base64`, `null`, `any`, or `#` with a structure's name), or
a list: `["list", shape]`, `["map", shape]`, `["enum", value, ...]`, `["or", shape, ...]`. A structure has `required` and
`optional` members, and is `open` to others where its type says so."""

import collections.abc
import json
import pathlib
import re
import sys
import types
import typing

import anthropic.types.message_create_params
import google.genai.models
import google.genai.types as gemini
import openai.types.chat.completion_create_params
import openai.types.completion_create_params
import openai.types.embedding_create_params
import openai.types.responses.response_create_params
import pydantic
import typing_extensions

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tests" / "dialect"))
from sdk_types import members, unwrap  # noqa: E402

SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", bytes: "base64", type(None): "null"}


class Shapes:
    """The structures of one provider. In protocol buffers `null` is as good as nothing, and left out; of the others the
    SDKs have typed dictionaries for what is sent, and take models of what was received only to send the same."""

    def __init__(self, is_protocol_buffer=False):
        self.structures = {}
        self.names = {}
        self.is_protocol_buffer = is_protocol_buffer

    def name(self, kind):
        """Two packages may have a type of the same name."""
        if kind not in self.names:
            name = kind.__name__
            while name in self.names.values():
                name += "_"
            self.names[kind] = name
        return self.names[kind]

    def is_sent(self, kind):
        return self.is_protocol_buffer or not (isinstance(kind, type) and issubclass(kind, pydantic.BaseModel))

    def shape(self, kind):
        kind = unwrap(kind)
        origin, arguments = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
        if kind is None:
            return "null"
        if kind in SIMPLE:
            return SIMPLE[kind]
        if hasattr(kind, "__value__"):
            return self.shape(kind.__value__)
        if origin in (typing.Union, types.UnionType):
            options = []
            for option in map(self.shape, filter(self.is_sent, arguments)):
                for one in option[1:] if option[0] == "or" else [option]:
                    if one not in options and not (one == "null" and self.is_protocol_buffer):
                        options.append(one)
            if "any" in options:
                return "any"
            return options[0] if len(options) == 1 else ["or", *options]
        if origin in (typing.Literal, typing_extensions.Literal):
            return ["enum", *arguments]
        if origin in (dict, collections.abc.Mapping):
            return ["map", self.shape(arguments[1])]
        if origin in (list, collections.abc.Iterable, collections.abc.Sequence) or "SequenceNotStr" in str(origin):
            return ["list", self.shape(arguments[0])]
        if isinstance(kind, type) and issubclass(kind, str):
            return ["enum", *(member.value for member in kind)]
        if members(kind) is not None:
            name = self.name(kind)
            if name not in self.structures:
                self.structures[name] = {}
                self.structures[name] = self.structure(members(kind), kind)
            return f"#{name}"
        # Any, object, and what the SDKs take for convenience and send as something else.
        return "any"

    def structure(self, table, kind=None):
        made = {
            "required": {name: self.shape(hint) for name, (hint, required) in table.items() if required},
            "optional": {name: self.shape(hint) for name, (hint, required) in table.items() if not required},
        }
        if getattr(kind, "__pydantic_config__", {}).get("extra") == "allow":
            made["open"] = True
        return made

    def add(self, name, table):
        self.structures[name] = self.structure(table)

    def text(self):
        lines = (f"{json.dumps(name)}: {json.dumps(self.structures[name])}" for name in sorted(self.structures))
        return "{\n" + ",\n".join(lines) + "\n}\n"


def either(module, stem):
    """The members of a request, streamed or not; `stream` is one of the two values."""
    whole = members(getattr(module, f"{stem}NonStreaming"))
    return {**whole, "stream": (typing.Optional[bool], False)}


def openai_shapes():
    shapes = Shapes()
    chat, legacy = openai.types.chat.completion_create_params, openai.types.completion_create_params
    shapes.add("Chat", either(chat, "CompletionCreateParams"))
    shapes.add("Completions", either(legacy, "CompletionCreateParams"))
    responses = openai.types.responses.response_create_params
    shapes.add("Responses", either(responses, "ResponseCreateParams"))
    shapes.add("Embeddings", members(openai.types.embedding_create_params.EmbeddingCreateParams))
    return shapes


def anthropic_shapes():
    shapes = Shapes()
    newer = either(anthropic.types.message_create_params, "MessageCreateParams")
    # What version 2023-06-01 of the API takes, and the later one, whose types the SDK has, no longer does.
    older = {"temperature": (float, False), "top_p": (float, False), "top_k": (int, False)}
    shapes.add("Messages", {**newer, **older})
    shapes.add("NewerMessages", newer)
    return shapes


def camel(name):
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def gemini_shapes():
    """The SDK has no type for the request itself; its members are those of the API reference, "generateContent"."""
    shapes = Shapes(is_protocol_buffer=True)
    own = {
        "contents": (list[gemini.Content], True),
        "systemInstruction": (gemini.Content, False),
        "tools": (list[gemini.Tool], False),
        "toolConfig": (gemini.ToolConfig, False),
        "safetySettings": (list[gemini.SafetySetting], False),
        "generationConfig": (gemini.GenerationConfig, False),
        "cachedContent": (str, False),
        "serviceTier": (gemini.ServiceTier, False),
    }
    shapes.add("Vertex", {**own, "labels": (dict[str, str], False)})
    shapes.add("Gemini", {**own, "store": (bool, False)})
    # What the SDK itself refuses to send to the one or the other, as `Structure.member`.
    source = pathlib.Path(google.genai.models.__file__).read_text()
    refused = {}
    for match in re.finditer(r"\ndef _(\w+)_to_(mldev|vertex)\(.*?(?=\ndef )", source, re.S):
        structure = "GenerationConfig" if match[1] == "GenerateContentConfig" else match[1]
        known = shapes.structures.get(structure, {"optional": {}})["optional"]
        names = map(camel, re.findall(r"raise ValueError\(\s*'(\w+) parameter is", match[0]))
        found = [f"{structure}.{name}" for name in names if name in known]
        refused.setdefault("Gemini" if match[2] == "mldev" else "Vertex", []).extend(found)
    for surface, names in refused.items():
        shapes.structures[surface]["without"] = sorted(set(names))
    return shapes


FILES = {"openai.json": openai_shapes, "anthropic.json": anthropic_shapes, "gemini.json": gemini_shapes}


def main():
    directory = pathlib.Path(__file__).parent
    stale = []
    for name, make in FILES.items():
        text = make().text()
        if "--check" not in sys.argv[1:]:
            (directory / name).write_text(text)
        elif (directory / name).read_text() != text:
            stale.append(name)
    print("\n".join(f"{name} is not what the SDKs say" for name in stale) or "the shapes are what the SDKs say")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
