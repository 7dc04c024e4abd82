#!/bin/sh
# Guess: a call at `latest` sees the time of the latest block, the genesis block's on a fresh chain.
# Instead: until the first block is mined, TIMESTAMP is 1 in every call, while the genesis block that the same node shows
# has today's time. One block later both agree. Views with deadlines, vesting or voting windows answer as in 1970.
# anvil 1.7.1 (npm @foundry-rs/anvil). Hurts: tests and tools whose first act is a view: mine a block first.
set -eu
folder=$(mktemp -d)
trap 'kill $node 2>/dev/null || true; rm -rf "$folder"' EXIT
node=
export HOME="$folder" npm_config_update_notifier=false
cd "$folder"
npm init --yes >/dev/null
npm install --loglevel=error --no-audit --no-fund @foundry-rs/anvil@1.7.1 >/dev/null
binary=$(ls -d node_modules/@foundry-rs/anvil-*/bin/anvil*)
"$binary" --version | head -n 1
"$binary" --port 0 >log 2>&1 &
node=$!
cat > ask.py <<'PYTHON'
import json
import re
import time
import urllib.request

while not (found := re.search(r"Listening on ([\d.:]+)", open("log").read())):
    time.sleep(0.1)


def ask(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://{found[1]}", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["result"]


def times():
    """Of the latest block, and what code sees in a call: TIMESTAMP, returned as a word."""
    block = int(ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    return block, int(ask("eth_call", {"data": "0x4260005260206000f3"}, "latest"), 16)


fresh = times()
ask("evm_mine")
mined = times()
print("fresh chain:     block", fresh[0], "- a call sees", fresh[1])
print("after one block: block", mined[0], "- a call sees", mined[1])
assert fresh[0] > 1_700_000_000 and fresh[1] == 1
assert mined[0] == mined[1]
PYTHON
python3 ask.py
