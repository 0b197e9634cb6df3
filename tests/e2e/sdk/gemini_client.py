"""What applications do with the official Google Gen AI SDK, whoever serves the model.

Ends with 0 when every call gave what the SDK's documentation promises.
"""

import os
import urllib.error
import urllib.request

from google import genai
from google.genai import errors as genai_errors
from google.genai import types

QUESTION = "What is the weather in Paris?"
WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather",
            description="The weather in a city",
            parameters=types.Schema(
                type=types.Type.OBJECT,
                properties={"city": types.Schema(type=types.Type.STRING)},
                required=["city"],
            ),
        )
    ]
)
CALLING = types.GenerateContentConfig(
    tools=[WEATHER], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
)


def plain(client: genai.Client, model: str) -> None:
    answer = client.models.generate_content(
        model=model,
        contents=QUESTION,
        config=types.GenerateContentConfig(system_instruction="Be brief.", temperature=0.5),
    )
    assert answer.sdk_http_response.headers["x-tollgate-provider"] == model
    assert "Paris" in answer.text
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.prompt_token_count > 0
    assert answer.usage_metadata.candidates_token_count > 0
    cut = client.models.generate_content(
        model=model, contents=QUESTION, config=types.GenerateContentConfig(max_output_tokens=2)
    )
    assert cut.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


def streamed(client: genai.Client, model: str) -> None:
    chunks = list(client.models.generate_content_stream(model=model, contents=QUESTION))
    assert "Paris" in "".join(chunk.text or "" for chunk in chunks)
    assert len(chunks) > 1
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.total_token_count > 0


def tools(client: genai.Client, model: str) -> None:
    answer = client.models.generate_content(model=model, contents=QUESTION, config=CALLING)
    call = answer.function_calls[0]
    assert call.name == "get_weather" and call.args == {"city": "mock"}
    result = types.Part.from_function_response(name="get_weather", response={"result": "Sunny"})
    result.function_response.id = call.id
    final = client.models.generate_content(
        model=model,
        contents=[
            types.Content(role="user", parts=[types.Part.from_text(text=QUESTION)]),
            answer.candidates[0].content,
            types.Content(role="user", parts=[result]),
        ],
        config=CALLING,
    )
    assert final.text
    chunks = client.models.generate_content_stream(model=model, contents=QUESTION, config=CALLING)
    calls = [call for chunk in chunks for call in chunk.function_calls or []]
    assert [(call.name, call.args) for call in calls] == [("get_weather", {"city": "mock"})]


def structured(client: genai.Client, model: str) -> None:
    schema = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}
    answer = client.models.generate_content(
        model=model,
        contents="Where?",
        config=types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema),
    )
    assert answer.parsed == {"city": "mock"}, answer.text


def count(client: genai.Client, model: str) -> None:
    one = client.models.count_tokens(model=model, contents=QUESTION).total_tokens
    more = client.models.count_tokens(model=model, contents=[QUESTION, QUESTION * 3]).total_tokens
    assert 5 < one < more < 200, (one, more)


def models(client: genai.Client, model: str) -> None:
    assert f"models/{model}" in [listed.name for listed in client.models.list()]
    one = client.models.get(model=model)
    assert one.name == f"models/{model}" and "countTokens" in one.supported_actions


def errors(client: genai.Client, model: str) -> None:
    for call, status in [
        (lambda: client.models.generate_content(model="none", contents=QUESTION), "NOT_FOUND"),
        (lambda: client.models.generate_content(model=model, contents=[]), "INVALID_ARGUMENT"),
    ]:
        try:
            call()
        except genai_errors.ClientError as raised:
            assert raised.status == status, raised
        except ValueError:
            # The SDK itself refuses what is empty.
            pass
        else:
            raise AssertionError(f"{status} was not raised")


def query_key(url: str, model: str) -> None:
    """The key in the query, as Google's own examples for curl once had it."""
    target = f"{url}/v1beta/models/{model}:generateContent?key={os.environ['TOLLGATE_KEY']}"
    body = b'{"contents":[{"role":"user","parts":[{"text":"Paris"}]}]}'
    request = urllib.request.Request(target, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert b"Paris" in answer.read()
    target = target.replace("generateContent", "streamGenerateContent")
    try:
        urllib.request.urlopen(urllib.request.Request(target, body, {"content-type": "application/json"}))
    except urllib.error.HTTPError as raised:
        assert raised.code == 400 and b"alt" in raised.read()
    else:
        raise AssertionError("a stream that is no event stream was served")


def main() -> None:
    url = os.environ["TOLLGATE_URL"].removesuffix("/v1")
    client = genai.Client(
        api_key=os.environ["TOLLGATE_KEY"], http_options=types.HttpOptions(base_url=url)
    )
    for model in os.environ["TOLLGATE_MODELS"].split(","):
        for check in (plain, streamed, tools, structured, count, models, errors):
            check(client, model)
            print("ok", check.__name__, model, flush=True)
        query_key(url, model)
        print("ok query_key", model, flush=True)


if __name__ == "__main__":
    main()
