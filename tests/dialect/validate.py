"""Holds every golden file against the types of the official SDKs: openai, anthropic, google-genai, and botocore's
service model for Bedrock. A member that the types do not have is as wrong as one of the wrong type, unless it is
listed in EXTENSIONS. Run with a Python that has what requirements.txt names; prints every fault, and fails on any."""

import array
import base64
import collections.abc
import json
import pathlib
import sys
import types
import typing

import anthropic.types
import anthropic.types.message_create_params
import botocore.session
import botocore.validate
import google.genai.types as gemini
import openai.types
import openai.types.chat
import openai.types.chat.completion_create_params
import openai.types.responses
import openai.types.shared
import typing_extensions

from sdk_types import members, unwrap

# Members that compatible servers share and OpenAI does not have; see src/dialect/openai/chat/mod.rs.
EXTENSIONS = {"reasoning_content", "reasoning_details"}
# Of targets with quirks, by the case that has them.
QUIRKY = {"openrouter_target", "deepseek_target", "mistral_target"}
PASSED_ON = {"min_p", "logit_bias"}
# What version 2023-06-01 of Anthropic's API takes, which the gateway speaks, and version 2026-10-21 no longer does;
# the SDK has the types of the latter.
OLDER_ANTHROPIC = {"temperature": float, "top_p": float, "top_k": int}


def check(kind, value, path):
    """All faults of a value; none when it is of the type."""
    kind = unwrap(kind)
    origin = typing_extensions.get_origin(kind)
    arguments = typing_extensions.get_args(kind)
    if kind in (typing.Any, object):
        return []
    if kind is None or kind is type(None):
        return [] if value is None else [f"{path}: null is expected"]
    if isinstance(kind, typing.TypeAliasType if hasattr(typing, "TypeAliasType") else ()) or hasattr(kind, "__value__"):
        return check(kind.__value__, value, path)
    if origin in (typing.Union, types.UnionType):
        found = [check(option, value, path) for option in arguments]
        if any(not faults for faults in found):
            return []
        return min((faults for faults in found if faults), key=lambda faults: rank(faults, path))
    if origin in (typing.Literal, typing_extensions.Literal):
        return [] if value in arguments else [f"{path}: {value!r} is none of {arguments}"]
    table = members(kind)
    if table is not None:
        return check_members(kind, table, value, path)
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence) or "SequenceNotStr" in str(origin):
        if not isinstance(value, list):
            return [f"{path}: a list is expected"]
        inner = arguments[0]
        return [fault for index, item in enumerate(value) for fault in check(inner, item, f"{path}[{index}]")]
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{path}: an object is expected"]
        return [fault for name, item in value.items() for fault in check(arguments[1], item, f"{path}.{name}")]
    if isinstance(kind, type) and issubclass(kind, str) and kind is not str:
        known = [member.value for member in kind]
        return [] if value in known else [f"{path}: {value!r} is none of {known}"]
    simple = {str: str, bytes: str, int: int, float: (int, float), bool: bool}
    if kind in simple:
        is_right = isinstance(value, simple[kind]) and (kind is bool or not isinstance(value, bool))
        return [] if is_right else [f"{path}: {value!r} is not of type {kind.__name__}"]
    # Files and the like, which the SDKs take for convenience and turn into something above.
    return [f"{path}: {kind} cannot be in JSON"]


def rank(faults, path):
    """Of several options, the one that was most likely meant: its own `type` or `role` is right."""
    own = [f"{path}.type: ", f"{path}.role: "]
    return (any(fault.startswith(prefix) for fault in faults for prefix in own), len(faults))


def check_members(kind, table, value, path):
    if not isinstance(value, dict):
        return [f"{path}: an object is expected ({kind.__name__})"]
    # A type that takes other members says so.
    extra = getattr(kind, "__pydantic_config__", {}).get("extra") == "allow"
    faults = []
    for name, item in value.items():
        if name in table:
            faults += check(table[name][0], item, f"{path}.{name}")
        elif not extra and name not in EXTENSIONS:
            faults.append(f"{path}.{name}: not a member of {kind.__name__}")
    absent = [name for name, (_, required) in table.items() if required and name not in value]
    return faults + [f"{path}.{name}: missing in {kind.__name__}" for name in absent]


def openai_chat_request(body):
    params = openai.types.chat.completion_create_params
    streaming = body.get("stream", False)
    kind = params.CompletionCreateParamsStreaming if streaming else params.CompletionCreateParamsNonStreaming
    return check(kind, body, "body")


def anthropic_request(body):
    params = anthropic.types.message_create_params
    streaming = body.get("stream", False)
    kind = params.MessageCreateParamsStreaming if streaming else params.MessageCreateParamsNonStreaming
    newer = {name: value for name, value in body.items() if name not in OLDER_ANTHROPIC}
    older = [fault for name, kind in OLDER_ANTHROPIC.items() if name in body for fault in check(kind, body[name], name)]
    return check(kind, newer, "body") + older


GEMINI_REQUEST = {
    "contents": list[gemini.Content],
    "systemInstruction": gemini.Content,
    "tools": list[gemini.Tool],
    "toolConfig": gemini.ToolConfig,
    "generationConfig": gemini.GenerationConfig,
}


def gemini_request(body):
    faults = [f"body.{name}: not a member" for name in body if name not in GEMINI_REQUEST]
    for name, kind in GEMINI_REQUEST.items():
        if name in body:
            faults += check(kind, body[name], f"body.{name}")
    return faults


MODEL = botocore.session.Session().get_service_model("bedrock-runtime")


def bedrock_request(body):
    shape = MODEL.operation_model("Converse").input_shape
    report = botocore.validate.ParamValidator().validate({"modelId": "m", **body}, shape)
    return report.generate_report().splitlines() if report.has_errors() else []


def stream_of(kind):
    def validate(events):
        faults = []
        for index, (_, data) in enumerate(events):
            if isinstance(data, dict) and "error" not in data:
                faults += check(kind, data, f"events[{index}]")
        return faults

    return validate


def completions_stream(events):
    """The SDK has one type for both, in which the reason is required; in a stream it is null until the end."""
    events = json.loads(json.dumps(events))
    for _, data in events:
        for choice in data.get("choices", []) if isinstance(data, dict) else []:
            choice["finish_reason"] = choice["finish_reason"] or "stop"
    return stream_of(openai.types.Completion)(events)


def anthropic_stream(events):
    """Each event by its type, and all of them in an order that the SDK's accumulator can follow."""
    faults = []
    opened, closed = set(), set()
    for index, (name, data) in enumerate(events):
        if name != data["type"]:
            faults.append(f"events[{index}]: the name {name} is not the type {data['type']}")
        if name in ("ping", "error"):
            continue
        faults += check(anthropic.types.RawMessageStreamEvent, data, f"events[{index}]")
        if name == "content_block_start":
            if data["index"] != len(opened):
                faults.append(f"events[{index}]: block {data['index']} begins out of order")
            opened.add(data["index"])
        if name == "content_block_delta" and (data["index"] not in opened or data["index"] in closed):
            faults.append(f"events[{index}]: a delta for a block that is not open")
        if name == "content_block_stop":
            closed.add(data["index"])
    names = [name for name, _ in events]
    if names and names[-1] not in ("message_stop", "error"):
        faults.append("the stream does not end")
    if names and names[-1] == "message_stop" and (names[0] != "message_start" or opened != closed):
        faults.append("the lifecycle is not complete")
    return faults


def responses_stream(events):
    faults = []
    for index, (name, data) in enumerate(events):
        if not isinstance(data, dict):
            continue
        if data["sequence_number"] != sum(isinstance(data, dict) for _, data in events[:index]):
            faults.append(f"events[{index}]: sequence number {data['sequence_number']}")
        faults += check(openai.types.responses.ResponseStreamEvent, data, f"events[{index}]")
    return faults


def error_body(client, body):
    """Errors have a type of their own in each package, or none."""
    if client.startswith("openai"):
        return check(openai.types.shared.ErrorObject, body.get("error"), "error")
    if client == "anthropic":
        name = body.get("error", {}).get("type")
        known = typing.get_args(anthropic.types.shared.ErrorType) + ("request_too_large",)
        return [] if body.get("type") == "error" and name in known else [f"error type {name}"]
    return [] if set(body.get("error", {})) == {"code", "message", "status"} else [f"error {body}"]


CONTENT = {"content": (gemini.Content, True)}
OPTIONS = gemini.EmbedContentConfig.model_fields


def option(*names):
    """Members that the SDK has as options of `embed_content`, which it puts into the request."""
    by_alias = {field.alias or name: field.annotation for name, field in OPTIONS.items()}
    return {name: (by_alias[name], False) for name in names}


def fields(table, value, path):
    """As check_members, of a table that is not in any SDK as a type: name -> (type or table, required)."""
    if not isinstance(value, dict):
        return [f"{path}: an object is expected"]
    faults = [f"{path}.{name}: not a member" for name in value if name not in table]
    for name, (kind, required) in table.items():
        if name not in value:
            faults += [f"{path}.{name}: missing"] if required else []
        elif isinstance(kind, dict):
            faults += fields(kind, value[name], f"{path}.{name}")
        elif isinstance(kind, list):
            items = value[name] if isinstance(value[name], list) and value[name] else [None]
            faults += [fault for item in items for fault in fields(kind[0], item, f"{path}.{name}[]")]
        else:
            faults += check(kind, value[name], f"{path}.{name}")
    return faults


# Where the SDK puts the options of its `embed_content`: google/genai/models.py, `_EmbedContentParametersPrivate_to_…`.
GEMINI_BATCH = {
    "requests": ([{"model": (str, True), **CONTENT, **option("taskType", "title", "outputDimensionality")}], True)
}
VERTEX_ONE = {**CONTENT, "embedContentConfig": (gemini.EmbedContentConfig, False)}
VERTEX_PREDICT = {
    "instances": ([{"content": (str, True), "task_type": (str, False), "title": (str, False)}], True),
    "parameters": (option("outputDimensionality", "autoTruncate"), False),
}
# The requests of the user guide of Amazon Bedrock; no SDK has types for them.
TITAN_G1 = {"inputText": (str, True)}
TITAN = {
    **TITAN_G1,
    "dimensions": (typing.Literal[256, 512, 1024], False),
    "normalize": (bool, False),
    "embeddingTypes": (list[typing.Literal["float", "binary"]], False),
}
COHERE_TYPES = list[typing.Literal["float", "int8", "uint8", "binary", "ubinary"]]
COHERE = {
    "texts": (list[str], True),
    "input_type": (typing.Literal["search_document", "search_query", "classification", "clustering"], True),
    "truncate": (typing.Literal["NONE", "START", "END"], False),
    "embedding_types": (COHERE_TYPES, False),
}
COHERE_4 = {
    **COHERE,
    "truncate": (typing.Literal["NONE", "LEFT", "RIGHT"], False),
    "output_dimension": (typing.Literal[256, 512, 1024, 1536], False),
    "max_tokens": (int, False),
}


def vertex_content_request(body):
    table = {"requests": ([VERTEX_ONE], True)} if "requests" in body else VERTEX_ONE
    return fields(table, body, "body")


def embeddings_answer(body):
    """As the SDK reads it: base64 stands for 32-bit floats, the least significant byte first."""
    for item in body["data"]:
        if isinstance(item["embedding"], str):
            floats = array.array("f", base64.b64decode(item["embedding"], validate=True))
            if sys.byteorder == "big":
                floats.byteswap()
            item["embedding"] = floats.tolist()
    return check(openai.types.CreateEmbeddingResponse, body, "body")


VALIDATORS = {
    ("requests", "gemini-embeddings"): lambda body: fields(GEMINI_BATCH, body, "body"),
    ("requests", "vertex-predict"): lambda body: fields(VERTEX_PREDICT, body, "body"),
    ("requests", "vertex-content"): vertex_content_request,
    ("requests", "titan-g1"): lambda body: fields(TITAN_G1, body, "body"),
    ("requests", "titan"): lambda body: fields(TITAN, body, "body"),
    ("requests", "cohere-3"): lambda body: fields(COHERE, body, "body"),
    ("requests", "cohere-4"): lambda body: fields(COHERE_4, body, "body"),
    ("answers", "openai-embeddings"): embeddings_answer,
    ("requests", "openai-chat"): openai_chat_request,
    ("requests", "anthropic"): anthropic_request,
    ("requests", "gemini"): gemini_request,
    ("requests", "bedrock"): bedrock_request,
    ("answers", "openai-chat"): lambda body: check(openai.types.chat.ChatCompletion, body, "body"),
    ("answers", "openai-completions"): lambda body: check(openai.types.Completion, body, "body"),
    ("answers", "openai-responses"): lambda body: check(openai.types.responses.Response, body, "body"),
    ("answers", "anthropic"): lambda body: check(anthropic.types.Message, body, "body"),
    ("answers", "gemini"): lambda body: check(gemini.GenerateContentResponse, body, "body"),
    ("streams", "openai-chat"): stream_of(openai.types.chat.ChatCompletionChunk),
    ("streams", "openai-completions"): completions_stream,
    ("streams", "openai-responses"): responses_stream,
    ("streams", "anthropic"): anthropic_stream,
    ("streams", "gemini"): stream_of(gemini.GenerateContentResponse),
}


def main():
    golden = pathlib.Path(__file__).parent / "golden"
    checked, faults = 0, []
    for file in sorted(golden.glob("*.json")):
        _, kind, target = file.stem.split(".")
        client = target.removeprefix("to-")
        validate = VALIDATORS[kind, client]
        for name, case in json.loads(file.read_text()).items():
            if name in QUIRKY or "fault" in case:
                continue
            checked += 1
            if "error" in case:
                found = error_body(client, case["error"])
            elif kind == "streams":
                found = validate(case["events"])
            else:
                body = {name: value for name, value in case["body"].items() if name not in PASSED_ON}
                found = validate(body)
            faults += [f"{file.name} {name}: {fault}" for fault in found]
    print("\n".join(faults))
    print(f"{checked} golden cases checked, {len(faults)} faults")
    return 1 if faults or checked < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
