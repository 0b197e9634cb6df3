"""What applications do with the official Anthropic SDK, whoever serves the model.

Ends with 0 when every call gave what the SDK's documentation promises.
"""

import os

import anthropic
from anthropic import Anthropic
from pydantic import BaseModel

QUESTION = [{"role": "user", "content": "What is the weather in Paris?"}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def plain(client: Anthropic, model: str) -> None:
    raw = client.messages.with_raw_response.create(
        model=model, max_tokens=200, system="Be brief.", messages=QUESTION, metadata={"user_id": "ada"}
    )
    assert raw.headers["x-tollgate-provider"] == model
    message = raw.parse()
    assert message.type == "message" and message.role == "assistant"
    assert "Paris" in message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    cut = client.messages.create(model=model, max_tokens=2, messages=QUESTION)
    assert cut.stop_reason == "max_tokens"


def streamed(client: Anthropic, model: str) -> None:
    with client.messages.stream(model=model, max_tokens=200, messages=QUESTION) as stream:
        events = [event.type for event in stream]
        message = stream.get_final_message()
    assert "Paris" in message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert events[0] == "message_start" and events[-1] == "message_stop"
    assert events.count("content_block_start") == events.count("content_block_stop") == 1


def tools(client: Anthropic, model: str) -> None:
    answer = client.messages.create(model=model, max_tokens=200, messages=QUESTION, tools=[WEATHER])
    call = next(block for block in answer.content if block.type == "tool_use")
    assert answer.stop_reason == "tool_use"
    assert call.name == "get_weather" and call.input == {"city": "mock"}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny"}
    final = client.messages.create(
        model=model,
        max_tokens=200,
        messages=[
            *QUESTION,
            {"role": "assistant", "content": answer.content},
            {"role": "user", "content": [result]},
        ],
        tools=[WEATHER],
    )
    assert final.stop_reason == "end_turn" and final.content[0].text
    with client.messages.stream(model=model, max_tokens=200, messages=QUESTION, tools=[WEATHER]) as stream:
        message = stream.get_final_message()
    call = next(block for block in message.content if block.type == "tool_use")
    assert message.stop_reason == "tool_use" and call.input == {"city": "mock"}


def thinking(client: Anthropic, model: str) -> None:
    options = {
        "model": model,
        "max_tokens": 3000,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }
    message = client.messages.create(messages=QUESTION, **options)
    assert "Paris" in message.content[-1].text
    with client.messages.stream(messages=QUESTION, **options) as stream:
        streamed = stream.get_final_message()
    assert "Paris" in streamed.content[-1].text
    if model not in ("anthropic", "bedrock"):
        return
    for answer in (message, streamed):
        thought = answer.content[0]
        assert thought.type == "thinking" and thought.thinking and thought.signature
        # The provider refuses a thought whose signature was changed.
        client.messages.create(
            messages=[
                *QUESTION,
                {"role": "assistant", "content": answer.content},
                {"role": "user", "content": "And now?"},
            ],
            **options,
        )


class Weather(BaseModel):
    city: str
    degrees: float


def structured(client: Anthropic, model: str) -> None:
    message = client.messages.parse(model=model, max_tokens=200, messages=QUESTION, output_format=Weather)
    assert isinstance(message.parsed_output, Weather), message


def count(client: Anthropic, model: str) -> None:
    one = client.messages.count_tokens(model=model, messages=QUESTION).input_tokens
    more = client.messages.count_tokens(
        model=model, system="Be brief.", messages=QUESTION, tools=[WEATHER]
    ).input_tokens
    assert 5 < one < more < 200, (one, more)


def models(client: Anthropic, model: str) -> None:
    assert model in [listed.id for listed in client.models.list()]
    one = client.models.retrieve(model)
    assert one.type == "model" and one.id == one.display_name == model and one.lifecycle == "active"
    try:
        client.models.retrieve("none")
    except anthropic.NotFoundError as raised:
        assert raised.body["error"]["type"] == "not_found_error", raised.body
    else:
        raise AssertionError("a model that is not there was found")


def errors(client: Anthropic, model: str) -> None:
    for call, error, kind, code in [
        (
            lambda: client.with_options(api_key="wrong").messages.create(
                model=model, max_tokens=9, messages=QUESTION
            ),
            anthropic.AuthenticationError,
            "authentication_error",
            "invalid_api_key",
        ),
        (
            lambda: client.messages.create(model="none", max_tokens=9, messages=QUESTION),
            anthropic.NotFoundError,
            "not_found_error",
            "model_not_found",
        ),
        (
            lambda: client.messages.create(model=model, max_tokens=9, messages=[]),
            anthropic.BadRequestError,
            "invalid_request_error",
            None,
        ),
    ]:
        try:
            call()
        except error as raised:
            assert raised.body["error"]["type"] == kind, raised.body
            assert code is None or raised.body["error"]["code"] == code, raised.body
        else:
            raise AssertionError(f"{error.__name__} was not raised")


def main() -> None:
    url = os.environ["TOLLGATE_URL"].removesuffix("/v1")
    client = Anthropic(base_url=url, api_key=os.environ["TOLLGATE_KEY"], max_retries=0)
    for model in os.environ["TOLLGATE_MODELS"].split(","):
        for check in (plain, streamed, tools, thinking, structured, count, models, errors):
            check(client, model)
            print("ok", check.__name__, model, flush=True)


if __name__ == "__main__":
    main()
