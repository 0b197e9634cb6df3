"""What applications do with the official OpenAI SDK, where a provider of another dialect answers in the end.

Ends with 0 when every call gave what the SDK's documentation promises.
"""

import json
import os

from openai import OpenAI
from pydantic import BaseModel

MODEL, PROVIDER = os.environ["TOLLGATE_MODEL"], os.environ["TOLLGATE_PROVIDER"]
QUESTION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather in Paris?"},
]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def plain(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION)
    assert raw.headers["x-tollgate-provider"] == PROVIDER
    completion = raw.parse()
    assert "Paris" in completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    assert completion.object == "chat.completion" and completion.usage.total_tokens > 0


def streamed(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True))
    assert all(chunk.choices for chunk in chunks), "a chunk that nobody asked for"
    assert "Paris" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    asked = list(
        client.chat.completions.create(
            model=MODEL, messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    assert asked[-1].choices == [] and asked[-1].usage.total_tokens > 0


def tools(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION, tools=[WEATHER])
    message = answer.choices[0].message
    call = message.tool_calls[0]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"city": "mock"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "Sunny"}
    final = client.chat.completions.create(
        model=MODEL, messages=[*QUESTION, message, result], tools=[WEATHER]
    )
    assert final.choices[0].message.content


def streamed_tools(client: OpenAI) -> None:
    name, arguments = "", ""
    for chunk in client.chat.completions.create(
        model=MODEL, messages=QUESTION, tools=[WEATHER], stream=True
    ):
        for delta in chunk.choices[0].delta.tool_calls or []:
            name += delta.function.name or ""
            arguments += delta.function.arguments or ""
    assert name == "get_weather" and json.loads(arguments) == {"city": "mock"}


class Weather(BaseModel):
    city: str
    degrees: float


def structured(client: OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Weather)
    assert isinstance(answer.choices[0].message.parsed, Weather)
    with client.chat.completions.stream(model=MODEL, messages=QUESTION, response_format=Weather) as stream:
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Weather)


def completions(client: OpenAI) -> None:
    assert client.completions.create(model=MODEL, prompt="hello").choices[0].text
    stream = client.completions.create(model=MODEL, prompt="hello", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream if chunk.choices)


def main() -> None:
    client = OpenAI(max_retries=0)
    for check in (plain, streamed, tools, streamed_tools, structured, completions):
        check(client)
        print("ok", check.__name__)


if __name__ == "__main__":
    main()
