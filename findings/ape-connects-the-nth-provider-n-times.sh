#!/bin/sh
# Guess: in one process, the twentieth connection to a node costs what the first did.
# Instead: each new provider object wraps `connect` of its *class* once more, and every layer repeats what follows a
# connection: connection n does n times the work, n connections n (n + 1) / 2 times. With some hundred connections, as in
# a test suite that runs commands in process or a service that opens networks as it goes, most of the time is spent there.
# eth-ape 0.8.51. Hurts: long-lived processes with many connections (half the time of our in-process command tests).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "eth-ape==0.8.51" "setuptools<81"
export HOME="$folder" APE_DATA_FOLDER="$folder/ape"

"$folder/venv/bin/ape" --version
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import ape
from ape_test.provider import LocalProvider

seen = 0


def counted(self, *args, _real=LocalProvider._post_connect, **more):
    global seen
    seen += 1
    return _real(self, *args, **more)


LocalProvider._post_connect = counted
network = ape.networks.ethereum.local
found = []
for _ in range(5):
    before = seen
    provider = network.get_provider("test")
    provider.connect()
    provider.disconnect()
    found.append(seen - before)
print("what follows a connection was done, by connection:", *found)
assert found == [1, 2, 3, 4, 5], found
PYTHON
