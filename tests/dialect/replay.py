"""Plays every golden stream to the official SDK that it is for, and compares what the SDKs add up: text and tool calls
with each other, usage with the gateway's own count, and of a failed stream, that the SDK raises. No network: each SDK
gets a transport that answers with the golden bytes. Needs what requirements.txt names."""

import json
import pathlib
import sys

import anthropic
import google.genai
import google.genai.types
import httpx2
import openai

GOLDEN = pathlib.Path(__file__).parent / "golden"
# What the SDK makes of an answer that was cut or filtered, where it does not return it.
CUT = ("LengthFinishReasonError", "ContentFilterFinishReasonError")
STREAM = {"content-type": "text/event-stream"}


class Replay:
    """Answers every request with the stream that is set."""

    def __init__(self):
        self.stream = b""
        answer = lambda _: httpx2.Response(200, headers=STREAM, content=self.stream)
        self.client = httpx2.Client(transport=httpx2.MockTransport(answer))

    def load(self, events):
        lines = []
        for name, data in events:
            text = data if isinstance(data, str) else json.dumps(data)
            named = f"event: {name}\n" if name else ""
            lines.append(f"{text}\n\n" if text.startswith(":") else f"{named}data: {text}\n\n")
        self.stream = "".join(lines).encode()


def chat(replay):
    client = openai.OpenAI(api_key="x", base_url="http://t/v1", http_client=replay.client, max_retries=0)
    with client.chat.completions.stream(model="m", messages=[]) as stream:
        final = stream.get_final_completion()
    message = final.choices[0].message
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []]
    usage = final.usage and (final.usage.prompt_tokens, final.usage.completion_tokens)
    return (message.content or "") + (message.refusal or ""), calls, usage


def completions(replay):
    client = openai.OpenAI(api_key="x", base_url="http://t/v1", http_client=replay.client, max_retries=0)
    text, usage = "", None
    for chunk in client.completions.create(model="m", prompt="x", stream=True):
        text += "".join(choice.text for choice in chunk.choices)
        usage = chunk.usage and (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
    return text, None, usage


def responses(replay):
    client = openai.OpenAI(api_key="x", base_url="http://t/v1", http_client=replay.client, max_retries=0)
    final = None
    with client.responses.create(model="m", input="x", stream=True) as stream:
        for event in stream:
            if event.type in ("response.completed", "response.incomplete"):
                final = event.response
            if event.type == "response.failed":
                raise RuntimeError(event.response.error.message)
    calls = [(item.name, json.loads(item.arguments)) for item in final.output if item.type == "function_call"]
    parts = [part for item in final.output if item.type == "message" for part in item.content]
    text = "".join(part.text if part.type == "output_text" else part.refusal for part in parts)
    return text, calls, final.usage and (final.usage.input_tokens, final.usage.output_tokens)


def messages(replay):
    client = anthropic.Anthropic(api_key="x", base_url="http://t", http_client=replay.client, max_retries=0)
    with client.messages.stream(model="m", max_tokens=1, messages=[]) as stream:
        final = stream.get_final_message()
    calls = [(block.name, block.input) for block in final.content if block.type == "tool_use"]
    text = "".join(block.text for block in final.content if block.type == "text")
    usage = final.usage
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return text, calls, (usage.input_tokens + cached, usage.output_tokens)


def gemini(replay):
    options = google.genai.types.HttpOptions(base_url="http://t", httpx_client=replay.client)
    client = google.genai.Client(api_key="x", http_options=options)
    text, calls, usage = "", [], None
    for chunk in client.models.generate_content_stream(model="m", contents="x"):
        for part in (chunk.candidates or [None])[0].content.parts if chunk.candidates else []:
            if part.text and not part.thought:
                text += part.text
            if part.function_call:
                calls.append((part.function_call.name, part.function_call.args))
        if chunk.usage_metadata:
            counts = chunk.usage_metadata
            output = (counts.candidates_token_count or 0) + (counts.thoughts_token_count or 0)
            usage = (counts.prompt_token_count or 0, output)
    return text, calls, usage


CLIENTS = {
    "openai-chat": chat,
    "openai-completions": completions,
    "openai-responses": responses,
    "anthropic": messages,
    "gemini": gemini,
}


def main():
    replay = Replay()
    played, faults = 0, []
    by_case = {}
    for file in sorted(GOLDEN.glob("*.streams.*.json")):
        provider, _, target = file.stem.split(".")
        for name, case in json.loads(file.read_text()).items():
            replay.load(case["events"])
            played += 1
            failed = "Failed" in case["outcome"]
            where = f"{file.name} {name}"
            try:
                text, calls, usage = CLIENTS[target.removeprefix("to-")](replay)
            except Exception as error:  # noqa: BLE001: whatever the SDK raises is what is looked at
                if not failed and type(error).__name__ not in CUT:
                    faults.append(f"{where}: {type(error).__name__} {error}")
                continue
            if failed:
                faults.append(f"{where}: the stream failed, and the SDK did not say so")
                continue
            counted = case["usage"] and (case["usage"]["input"], case["usage"]["output"])
            if counted and usage != counted:
                faults.append(f"{where}: usage {usage}, not {counted}")
            # Two alternatives are one client's text only where the client knows of alternatives.
            if name not in ("two_choices", "two_candidates"):
                known = by_case.setdefault((provider, name), (text, calls))
                # A client that knows no calls gets none.
                if known != (text, known[1] if calls is None else calls):
                    faults.append(f"{where}: {(text, calls)}, and for another client {known}")
    print("\n".join(faults))
    print(f"{played} streams played, {len(faults)} faults")
    return 1 if faults or played < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
