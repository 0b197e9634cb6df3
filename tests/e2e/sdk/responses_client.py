"""What applications do with the responses API of the official OpenAI SDK, whoever serves the model.

Ends with 0 when every call gave what the SDK's documentation promises.
"""

import json
import os

import openai
from openai import OpenAI
from pydantic import BaseModel

QUESTION = "What is the weather in Paris?"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


def plain(client: OpenAI, model: str) -> None:
    raw = client.responses.with_raw_response.create(
        model=model, instructions="Be brief.", input=QUESTION, store=False
    )
    assert raw.headers["x-tollgate-provider"] == model
    response = raw.parse()
    assert response.object == "response" and response.status == "completed"
    assert "Paris" in response.output_text
    assert response.usage.input_tokens > 0 and response.usage.output_tokens > 0
    cut = client.responses.create(model=model, input=QUESTION, max_output_tokens=2)
    assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens"


def streamed(client: OpenAI, model: str) -> None:
    events = list(client.responses.create(model=model, input=QUESTION, stream=True))
    names = [event.type for event in events]
    assert names[:2] == ["response.created", "response.in_progress"], names
    assert names[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert "Paris" in text and text == events[-1].response.output_text
    assert events[-1].response.usage.total_tokens > 0
    with client.responses.stream(model=model, input=QUESTION) as stream:
        for _ in stream:
            pass
        assert "Paris" in stream.get_final_response().output_text


def tools(client: OpenAI, model: str) -> None:
    answer = client.responses.create(model=model, input=QUESTION, tools=[WEATHER])
    call = next(item for item in answer.output if item.type == "function_call")
    assert call.name == "get_weather" and json.loads(call.arguments) == {"city": "mock"}
    final = client.responses.create(
        model=model,
        tools=[WEATHER],
        input=[
            {"role": "user", "content": QUESTION},
            *answer.output,
            {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny"},
        ],
    )
    assert final.output_text
    with client.responses.stream(model=model, input=QUESTION, tools=[WEATHER]) as stream:
        for _ in stream:
            pass
        call = next(item for item in stream.get_final_response().output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "mock"}


def state(client: OpenAI, model: str) -> None:
    """What is kept at OpenAI passes to OpenAI, and is refused by name elsewhere."""
    try:
        client.responses.create(model=model, input="And now?", previous_response_id="resp_1")
    except openai.BadRequestError as raised:
        assert model != "openai" and raised.code == "unsupported_by_provider", raised
        assert "previous_response_id" in raised.message, raised
    else:
        assert model == "openai"


class Weather(BaseModel):
    city: str
    degrees: float


def structured(client: OpenAI, model: str) -> None:
    answer = client.responses.parse(model=model, input=QUESTION, text_format=Weather)
    assert isinstance(answer.output_parsed, Weather)
    with client.responses.stream(model=model, input=QUESTION, text_format=Weather) as stream:
        assert isinstance(stream.get_final_response().output_parsed, Weather)


def errors(client: OpenAI, model: str) -> None:
    for call, error in [
        (lambda: client.responses.create(model="none", input=QUESTION), openai.NotFoundError),
        (lambda: client.responses.create(model=model, input=7), openai.BadRequestError),
        (
            lambda: client.with_options(api_key="wrong").responses.create(model=model, input=QUESTION),
            openai.AuthenticationError,
        ),
    ]:
        try:
            call()
        except error:
            pass
        else:
            raise AssertionError(f"{error.__name__} was not raised")


def main() -> None:
    client = OpenAI(max_retries=0)
    for model in os.environ["TOLLGATE_MODELS"].split(","):
        for check in (plain, streamed, tools, state, structured, errors):
            check(client, model)
            print("ok", check.__name__, model, flush=True)


if __name__ == "__main__":
    main()
