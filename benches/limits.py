"""What limits cost: the same gateway with three scopes of limits and without any, on one, two and four workers.

All calls are one key's, so with limits every worker reserves and settles in the same three cells. Measured in turn,
several rounds, medians; the cost is the difference in CPU time per request, counting the prompt included, and apart
from that. Run by `make benchlimits`; needs wrk.
"""

import contextlib
import tempfile
from pathlib import Path

import gateway

PRICES = {"gpt-4o": {"input": 2.5, "output": 10}}
PLENTY = 10**14


def limited(config: dict) -> dict:
    config["keys"][0]["limits"] = {"requests": f"{PLENTY}/min", "tokens": f"{PLENTY}/min"}
    config["teams"]["bench"] = {"budgets": [{"usd": 10**6, "per": "month", "alert_at": [0.8, 1.0]}]}
    config["organisation"] = {"budgets": [{"tokens": PLENTY, "per": "day"}]}
    return config | {"prices": PRICES}


def counting(config: dict) -> dict:
    return config | {"tokens": {"count": "always"}}


def main() -> None:
    parser = gateway.argument_parser(__doc__)
    parser.add_argument("--seconds", type=int, default=1, help="length of one run")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side per case")
    options = parser.parse_args()
    kinds = {"free": lambda config: config, "counting": counting, "limited": limited}
    print("workers  kind      req/s   cpu us/req   p50 us   p99 us")
    for workers in (1, 2, 4):
        with contextlib.ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            mock_port = gateway.start_mock(stack, options)
            places = {}
            for name, change in kinds.items():
                listen, admin = gateway.free_port(), gateway.free_port()
                config = change(gateway.configuration(directory, listen, admin, mock_port))
                out = gateway.render(options, directory, name, config)
                places[name] = {"port": listen, "admin": admin, "bootstrap": out / "bootstrap.json"}
                gateway.start(stack, options, directory, places[name], workers)
            script = directory / "load.lua"
            script.write_text(gateway.LUA % {"key": gateway.KEY, "body": gateway.request_body(1024, False)})
            runs = {name: [] for name in places}
            for index in range(-1, options.rounds):
                for name, place in sorted(places.items(), reverse=bool(index % 2)):
                    run = gateway.load(script, place["port"], 16, options.seconds, place["pid"])
                    # The first round warms up.
                    if index >= 0:
                        runs[name].append(run)
            for name in kinds:
                run = gateway.medians(runs[name])
                print(f"{workers:7}  {name:8} {run['requests_per_second']:6.0f} {run['cpu_us_per_request']:12.1f} "
                      f"{run['p50_us']:8.0f} {run['p99_us']:8.0f}", flush=True)


if __name__ == "__main__":
    main()
