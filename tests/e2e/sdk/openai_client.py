"""What applications do with the official OpenAI SDK, against a gateway from the environment.

Ends with 0 when every call gave what the SDK's documentation promises.
"""

import asyncio
import json

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

MESSAGES = [{"role": "user", "content": "Say hello"}]
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


class Weather(BaseModel):
    city: str
    degrees: float


def plain(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=MESSAGES)
    assert raw.headers["x-tollgate-model"] == "chat"
    assert raw.headers["x-tollgate-provider"] == "mock"
    completion = raw.parse()
    assert "hello" in completion.choices[0].message.content
    assert completion.usage.total_tokens > 0
    assert completion.model == "mock-large"


def streamed(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="chat", messages=MESSAGES, stream=True))
    assert all(chunk.choices for chunk in chunks), "a chunk that nobody asked for"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert "hello" in text
    assert chunks[-1].choices[0].finish_reason == "stop"
    asked = list(
        client.chat.completions.create(
            model="chat", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    assert asked[-1].choices == [] and asked[-1].usage.total_tokens > 0


def tools(client: OpenAI) -> None:
    question = [{"role": "user", "content": "What is the weather in Paris?"}]
    answer = client.chat.completions.create(model="chat", messages=question, tools=[WEATHER])
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather"
    json.loads(call.function.arguments)
    arguments = ""
    for chunk in client.chat.completions.create(
        model="chat", messages=question, tools=[WEATHER], stream=True
    ):
        for delta in chunk.choices[0].delta.tool_calls or []:
            arguments += delta.function.arguments or ""
    json.loads(arguments)


def structured(client: OpenAI) -> None:
    # The API wants the word in the messages.
    question = [{"role": "user", "content": "Say hello in JSON"}]
    parsed = client.chat.completions.parse(
        model="chat", messages=question, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(parsed.choices[0].message.content), dict)
    parsed = client.chat.completions.parse(model="chat", messages=MESSAGES, response_format=Weather)
    assert isinstance(parsed.choices[0].message.parsed, Weather)


def embeddings(client: OpenAI) -> None:
    # The SDK asks for base64 unless told otherwise, and decodes it.
    for options in ({}, {"encoding_format": "float"}):
        answer = client.embeddings.create(model="embeddings", input=["a", "b"], **options)
        assert len(answer.data) == 2
        assert all(isinstance(value, float) for value in answer.data[0].embedding)
        assert answer.usage.prompt_tokens > 0


def models(client: OpenAI) -> None:
    assert sorted(model.id for model in client.models.list()) == ["chat", "embeddings"]
    assert client.models.retrieve("chat").id == "chat"


def completions(client: OpenAI) -> None:
    assert client.completions.create(model="chat", prompt="hello").choices[0].text
    stream = client.completions.create(model="chat", prompt="hello", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream)


def errors(client: OpenAI) -> None:
    for call, error, code in [
        (lambda: client.with_options(api_key="wrong").models.list(), openai.AuthenticationError, "invalid_api_key"),
        (
            lambda: client.chat.completions.create(model="none", messages=MESSAGES),
            openai.NotFoundError,
            "model_not_found",
        ),
    ]:
        try:
            call()
        except error as raised:
            assert raised.code == code, raised
        else:
            raise AssertionError(f"{error.__name__} was not raised")


async def asynchronous() -> None:
    async with AsyncOpenAI() as client:
        answers = await asyncio.gather(
            *(client.chat.completions.create(model="chat", messages=MESSAGES) for _ in range(20))
        )
        assert all("hello" in answer.choices[0].message.content for answer in answers)
        stream = await client.chat.completions.create(model="chat", messages=MESSAGES, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert "hello" in text


def main() -> None:
    client = OpenAI(max_retries=0)
    for check in (plain, streamed, tools, structured, embeddings, models, completions, errors):
        check(client)
        print("ok", check.__name__)
    asyncio.run(asynchronous())
    print("ok asynchronous")


if __name__ == "__main__":
    main()
