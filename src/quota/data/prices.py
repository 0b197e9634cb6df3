"""Writes prices.tsv from the price table that the LiteLLM project publishes (MIT licence, version 1.106.2).

Run: python3 src/quota/data/prices.py model-prices.json > src/quota/data/prices.tsv

Columns: provider, model, then pico-dollars per token for input, output, cache read, cache write (5 minutes), cache
write (1 hour), reasoning; `-` where the table has none. Every further column is a tier: the number of input tokens
above which it holds, and the same six prices, separated by commas. Entries without a price for input or output, and
entries where both are zero, are left out: a price that is not known must not look like a gift.
"""

import json
import re
import sys
from decimal import Decimal

FIELDS = [
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "cache_creation_input_token_cost_above_1hr",
    "output_cost_per_reasoning_token",
]
TIER = re.compile(r"^input_cost_per_token_above_(\d+)k_tokens$")


def pico(entry, field):
    if entry.get(field) is None:
        return "-"
    value = Decimal(entry[field]) * 10**12
    if value != value.to_integral_value() or value < 0:
        raise ValueError(f"{field}: {entry[field]} is no whole number of pico-dollars")
    return str(int(value))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        table = json.load(file, parse_float=Decimal)
    print("# List prices in pico-dollars per token, as of 2026-11-21. Source: the table that the LiteLLM project")
    print("# publishes, version 1.106.2, MIT licence. Written by prices.py, which describes the columns.")
    for model, entry in sorted(table.items()):
        base = [pico(entry, field) for field in FIELDS]
        if "-" in base[:2] or base[:2] == ["0", "0"]:
            continue
        tiers = []
        for thousands in sorted(int(match[1]) for match in map(TIER.match, entry) if match):
            prices = [pico(entry, f"{field}_above_{thousands}k_tokens") for field in FIELDS]
            if prices[:2] != ["0", "0"]:
                tiers.append(",".join([str(thousands * 1000), *prices]))
        print(entry["litellm_provider"], model, *base, *tiers, sep="\t")


main()
