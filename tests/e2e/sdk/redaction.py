"""What an application sees with the official OpenAI SDK where private values are taken out: nothing of it.

Ends with 0 when the values of the question are in the answers, whole and streamed.
"""

from openai import OpenAI

EMAIL = "ann.lee@corp.example"
QUESTION = [{"role": "user", "content": [{"type": "text", "text": f"Write to {EMAIL}"}]}]


def main() -> None:
    client = OpenAI(max_retries=0)
    whole = client.chat.completions.create(model="chat", messages=QUESTION)
    assert whole.choices[0].message.content == f"To {EMAIL}.", whole
    chunks = list(client.chat.completions.create(model="chat", messages=QUESTION, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == f"To {EMAIL}.", chunks
    assert chunks[-1].choices[0].finish_reason == "stop"
    raw = client.embeddings.with_raw_response.create(model="chat", input=[EMAIL], encoding_format="float")
    assert raw.parse().data


main()
