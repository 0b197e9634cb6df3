"""What the filter costs: the same Envoy with it and without it, in one run on one machine.

For each case the two are measured in turn, several rounds, and the medians compared; on a busy machine only the
ratios mean something. Without the filter, Envoy has the same listener, route and upstream cluster, rendered by
the same command with the same retry, and nothing else. A model with one target is measured as the defaults have it, and
beside it the same with an adapter at every attempt. Run by `make bench`; needs wrk.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

KEY = "tg-bench-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
PATH = "/v1/chat/completions"
SENTENCE = "The quick brown fox jumps over the lazy dog while the gateway counts. "
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request_body(size: int, stream: bool) -> str:
    content = (SENTENCE * (size // len(SENTENCE) + 1))[:size]
    messages = [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": content}]
    return json.dumps({"model": "bench", "stream": stream, "messages": messages})


@contextlib.contextmanager
def process(arguments: list[str], **options):
    child = subprocess.Popen(arguments, **options)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_ready(admin: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            if urllib.request.urlopen(f"http://127.0.0.1:{admin}/ready", timeout=1).status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("Envoy does not become ready")


def configuration(directory: Path, listen: int, admin: int, mock_port: int) -> dict:
    """gateway.yaml of the gateway that is measured."""
    (directory / "mock.key").write_text("sk-bench")
    return {
        "version": 1,
        "listen": f"127.0.0.1:{listen}",
        "admin": f"127.0.0.1:{admin}",
        "access_log": "/dev/null",
        "credentials": {"mock": {"file": str(directory / "mock.key")}},
        "providers": {"mock": {"api": "openai", "url": f"http://127.0.0.1:{mock_port}/v1", "credential": "mock"}},
        "models": {"bench": {"targets": [{"provider": "mock", "model": "gpt-4o"}]}},
        "teams": {"bench": {}},
        "keys": [
            {
                "id": "bench",
                "hash": "sha256:" + hashlib.sha256(KEY.encode()).hexdigest(),
                "team": "bench",
                "models": ["bench"],
            }
        ],
    }


def render(options, directory: Path, name: str, config: dict) -> Path:
    """Renders a gateway.yaml; returns the directory with Envoy's configuration."""
    file, out = directory / f"{name}.yaml", directory / name
    file.write_text(json.dumps(config))
    subprocess.run(
        [options.tollgate, "render", file, "--out", out, "--module", options.module],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return out


def render_all(options, directory: Path, mock_port: int) -> dict:
    """Renders the gateway, and from it the bare Envoy; and the gateway with adapters. Returns each one's ports and
    bootstrap."""
    places = {}
    for name in ("bare", "tollgate", "adapting"):
        listen, admin = free_port(), free_port()
        config = configuration(directory, listen, admin, mock_port)
        if name == "adapting":
            config["envoy"] = {"adapter": "chain"}
        out = render(options, directory, name, config)
        if name == "bare":
            strip_filter(out)
        places[name] = {"port": listen, "admin": admin, "bootstrap": out / "bootstrap.json"}
    return places


def start(stack: contextlib.ExitStack, options, directory: Path, place: dict, workers: int) -> None:
    """Starts Envoy for a place, and waits until it serves."""
    log = stack.enter_context(open(directory / "envoy.log", "a"))
    arguments = [options.envoy, "-c", str(place["bootstrap"]), "--disable-hot-restart",
                 "--concurrency", str(workers), "--log-level", "error"]
    place["pid"] = stack.enter_context(process(arguments, stdout=log, stderr=log)).pid
    wait_ready(place["admin"])


def start_mock(stack: contextlib.ExitStack, options) -> int:
    """Starts the mock provider; returns its port."""
    mock = stack.enter_context(
        process([options.mock, "--listen", "127.0.0.1:0", "--no-log", "--behaviour", '{"chunks": 32}'],
                stdout=subprocess.PIPE, text=True)
    )
    return int(mock.stdout.readline().strip().rpartition(":")[2])


def strip_filter(out: Path) -> None:
    """Takes the WebAssembly filter out of a rendered configuration, in both its places, and nothing else: the
    chain, its retries and its credentials stay."""
    listeners = json.loads((out / "listeners.json").read_text())
    manager = listeners["resources"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"] = [f for f in manager["http_filters"] if not f["name"].startswith("tollgate.")]
    (out / "listeners.json").write_text(json.dumps(listeners))
    clusters = json.loads((out / "clusters.json").read_text())
    for cluster in clusters["resources"]:
        for protocol in cluster["typed_extension_protocol_options"].values():
            if "http_filters" in protocol:
                protocol["http_filters"] = [
                    f for f in protocol["http_filters"] if not f["name"].startswith("tollgate.")
                ]
    (out / "clusters.json").write_text(json.dumps(clusters))
    # The policy picks the chain; without it the route does.
    routes = json.loads((out / "routes.json").read_text())
    route = {"cluster": "model/bench", "timeout": "0s"}
    routes["resources"][0]["virtual_hosts"][0]["routes"][-1]["route"] = route
    (out / "routes.json").write_text(json.dumps(routes))


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid: int) -> float:
    line = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(line.group(1)) / 1024


def load(script: Path, port: int, connections: int, seconds: int, pid: int) -> dict:
    """One run of wrk; fails on any answer that is not a success."""
    before = cpu_seconds(pid)
    arguments = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}{PATH}"]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    spent = cpu_seconds(pid) - before
    result = json.loads(output.splitlines()[-1])
    if result["errors"] or not result["requests"]:
        raise SystemExit(f"the load run failed: {output}")
    return {
        "requests_per_second": result["requests"] / (result["duration_us"] / 1e6),
        "p50_us": result["p50_us"],
        "p99_us": result["p99_us"],
        "cpu_us_per_request": spent * 1e6 / result["requests"],
    }


LUA = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer %(key)s"
wrk.body = [==[%(body)s]==]
function done(summary, latency, requests)
  local e = summary.errors
  print(string.format(
    '{"requests": %%d, "duration_us": %%d, "errors": %%d, "p50_us": %%d, "p99_us": %%d}',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def medians(runs: list[dict]) -> dict:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def argument_parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("envoy", "tollgate", "mock", "module"):
        parser.add_argument(f"--{name}", required=True, type=os.path.abspath)
    return parser


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--out", default="target/bench.json", help="where the JSON result goes")
    parser.add_argument("--seconds", type=int, default=2, help="length of one run")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side per case")
    parser.add_argument("--only", default="", help="a regular expression on the names of the cases")
    options = parser.parse_args()

    cases = [
        (f"{size // 1024} KB, {connections} connection{'s' if connections > 1 else ''}{', stream' if stream else ''}",
         size, connections, stream)
        for size, stream in ((1024, False), (100 * 1024, False), (1024, True))
        for connections in (1, 16)
    ]
    results = []
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = render_all(options, directory, start_mock(stack, options))
        for place in places.values():
            start(stack, options, directory, place, workers=2)
            place["memory_at_start_mib"] = memory_mib(place["pid"])
        for name, size, connections, stream in cases:
            if not re.search(options.only, name):
                continue
            script = directory / "load.lua"
            script.write_text(LUA % {"key": KEY, "body": request_body(size, stream)})
            runs = {side: [] for side in places}
            for side, place in places.items():
                load(script, place["port"], connections, 1, place["pid"])
            for index in range(options.rounds):
                # No side always comes first.
                order = list(places.items())
                for side, place in order[index % len(order):] + order[:index % len(order)]:
                    runs[side].append(load(script, place["port"], connections, options.seconds, place["pid"]))
            bare = medians(runs["bare"])
            for side in ("tollgate", "adapting"):
                gateway = medians(runs[side])
                results.append({
                    "case": name if side == "tollgate" else f"{name}, adapter",
                    "bare": bare,
                    "tollgate": gateway,
                    "throughput_ratio": gateway["requests_per_second"] / bare["requests_per_second"],
                    "added_p50_us": gateway["p50_us"] - bare["p50_us"],
                    "added_p99_us": gateway["p99_us"] - bare["p99_us"],
                    "added_cpu_us": gateway["cpu_us_per_request"] - bare["cpu_us_per_request"],
                })
            print(f"measured: {name}", flush=True)
        memory = {
            side: {"at_start_mib": place["memory_at_start_mib"], "after_load_mib": memory_mib(place["pid"])}
            for side, place in places.items()
        }

    header = ("case", "bare req/s", "with req/s", "ratio", "p50 +us", "p99 +us", "cpu +us/req")
    rows = [
        (r["case"], f"{r['bare']['requests_per_second']:.0f}", f"{r['tollgate']['requests_per_second']:.0f}",
         f"{r['throughput_ratio']:.2f}", f"{r['added_p50_us']:.0f}", f"{r['added_p99_us']:.0f}",
         f"{r['added_cpu_us']:.1f}")
        for r in results
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    print()
    for row in [header, *rows]:
        print("  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))))
    for side, sizes in memory.items():
        print(f"memory, {side}: {sizes['at_start_mib']:.0f} MiB at start, {sizes['after_load_mib']:.0f} MiB after load")
    Path(options.out).parent.mkdir(parents=True, exist_ok=True)
    Path(options.out).write_text(json.dumps({"cases": results, "memory": memory}, indent=2) + "\n")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
