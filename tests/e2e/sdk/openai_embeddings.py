"""What applications do with the embeddings of the official OpenAI SDK, where a provider of another dialect answers.

Ends with 0 when every call gave what the SDK's documentation promises.
"""

import math
import os

import openai
from openai import OpenAI

MODEL, DIMENSIONS = os.environ["TOLLGATE_MODEL"], os.environ.get("TOLLGATE_DIMENSIONS")
TAKES_ONE = os.environ.get("TOLLGATE_TAKES_ONE") == "1"


def main() -> None:
    client = OpenAI(max_retries=0)
    # The SDK asks for base64 unless told otherwise, and decodes it.
    binary = client.embeddings.create(model=MODEL, input="hello there")
    plain = client.embeddings.create(model=MODEL, input="hello there", encoding_format="float")
    assert (binary.object, binary.data[0].object, binary.data[0].index) == ("list", "embedding", 0)
    assert len(binary.data[0].embedding) == len(plain.data[0].embedding) >= 256
    for one, other in zip(binary.data[0].embedding, plain.data[0].embedding):
        assert math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9), (one, other)
    assert math.isclose(sum(number * number for number in binary.data[0].embedding), 1, rel_tol=1e-3)
    assert binary.usage.prompt_tokens == binary.usage.total_tokens
    print("ok one", binary.usage.prompt_tokens)
    if DIMENSIONS:
        cut = client.embeddings.create(model=MODEL, input=["hello"], dimensions=int(DIMENSIONS))
        assert len(cut.data[0].embedding) == int(DIMENSIONS)
        print("ok dimensions")
    texts = ["hello there", "good morning", "hello there"]
    if TAKES_ONE:
        refused(lambda: client.embeddings.create(model=MODEL, input=texts), "one text at a time")
    else:
        several = client.embeddings.create(model=MODEL, input=texts)
        assert [item.index for item in several.data] == [0, 1, 2]
        vectors = [item.embedding for item in several.data]
        assert vectors[0] == vectors[2] == binary.data[0].embedding != vectors[1]
        print("ok several")
    refused(lambda: client.embeddings.create(model=MODEL, input=[[1212, 318]]), "only texts")
    print("ok refusals")


def refused(call, words: str) -> None:
    try:
        call()
    except openai.BadRequestError as raised:
        assert raised.code == "unsupported_by_provider" and words in str(raised), raised
        assert raised.param == "input" and raised.type == "invalid_request_error", raised
    else:
        raise AssertionError("it was not refused")


if __name__ == "__main__":
    main()
