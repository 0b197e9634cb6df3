"""Talks to the gateway with OpenAI's official Python client: one plain call, one streamed call.

    pip install openai
    python examples/clients/chat.py [KEY]        # or TOLLGATE_KEY=... python examples/clients/chat.py

TOLLGATE_URL and TOLLGATE_MODEL override where to call and what to ask for.
"""

import os
import sys

from openai import OpenAI

PROMPT = [{"role": "user", "content": "Say hello to the gateway."}]


def print_gateway_headers(headers) -> None:
    """Prints what the gateway says about a call: the model, the provider and its model, the attempts."""
    for name, value in headers.items():
        if name.lower().startswith("x-tollgate-"):
            print(f"  {name}: {value}")


def main() -> None:
    key = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TOLLGATE_KEY")
    if not key:
        sys.exit("usage: chat.py KEY (or set TOLLGATE_KEY)")
    client = OpenAI(api_key=key, base_url=os.environ.get("TOLLGATE_URL", "http://127.0.0.1:10000/v1"))
    model = os.environ.get("TOLLGATE_MODEL", "chat")

    plain = client.chat.completions.with_raw_response.create(model=model, messages=PROMPT)
    completion = plain.parse()
    print(completion.choices[0].message.content)
    print(f"  {completion.usage.prompt_tokens} + {completion.usage.completion_tokens} tokens")
    print_gateway_headers(plain.headers)

    with client.chat.completions.with_streaming_response.create(
        model=model, messages=PROMPT, stream=True, stream_options={"include_usage": True}
    ) as streamed:
        for chunk in streamed.parse():
            for choice in chunk.choices:
                print(choice.delta.content or "", end="", flush=True)
            if chunk.usage:
                print(f"\n  {chunk.usage.prompt_tokens} + {chunk.usage.completion_tokens} tokens")
        print_gateway_headers(streamed.headers)


if __name__ == "__main__":
    main()
