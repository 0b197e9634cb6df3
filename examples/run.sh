#!/bin/sh
# Starts the mock provider and the gateway on examples/gateway.yaml, and ends both together.
# Usage: examples/run.sh MOCK-PROVIDER TOLLGATE
set -eu
cd "$(dirname "$0")/.."

"$1" --listen 127.0.0.1:9100 >/dev/null &
mock=$!
trap 'kill "$mock" 2>/dev/null || true' EXIT

key=$(sed -n 's/^# *team-a-prod *//p' examples/gateway.yaml)
cat <<TEXT

The gateway will listen on 127.0.0.1:10000; end it with Ctrl-C. Try:

  curl http://127.0.0.1:10000/v1/chat/completions \\
    -H 'Authorization: Bearer $key' \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "chat", "messages": [{"role": "user", "content": "hello"}]}'

TEXT
# Both get Ctrl-C; the gateway alone decides when it is over.
trap '' INT
"$2" run examples/gateway.yaml
