#!/usr/bin/env bash
# Starts the mock provider and the gateway on examples/gateway.yaml, and ends both together.
# Usage: examples/run.sh MOCK-PROVIDER TOLLGATE
set -eu
cd "$(dirname "$0")/.."

# The mock provider ends when nobody holds the other end of its standard input any more: the gateway does, and
# after it nobody. It is out of reach of Ctrl-C, so that requests in flight can finish.
exec 3> >(exec setsid "$1" --listen 127.0.0.1:9100 --exit-with-stdin >/dev/null)

key=$(sed -n 's/^# *team-a-prod *//p' examples/gateway.yaml)
cat <<TEXT

The gateway will listen on 127.0.0.1:10000; end it with Ctrl-C. Try:

  curl http://127.0.0.1:10000/v1/chat/completions \\
    -H 'Authorization: Bearer $key' \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "chat", "messages": [{"role": "user", "content": "hello"}]}'

TEXT
# In the place of this script, so that whoever stops the script stops the gateway.
exec "$2" run examples/gateway.yaml
