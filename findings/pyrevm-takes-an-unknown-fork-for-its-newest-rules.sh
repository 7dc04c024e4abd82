#!/bin/sh
# Guess: an EVM that is asked for a fork it does not know refuses, and "CANCUN" is "Cancun".
# Instead: fork names are known by one spelling only ("Cancun"), and every other word, a misspelt one too, gives the
# newest rules that the library has, without a word. A suite that believes it tests on Cancun runs Prague or later:
# opcodes that the target chain lacks pass, and gas differs.
# pyrevm 0.3.7. Hurts: whoever fuzzes contracts for a chain behind the newest fork; try an opcode of a later fork first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "pyrevm==0.3.7"
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from pyrevm import EVM

SENDER = "0x" + "11" * 20
# PUSH0 came with Shanghai; init code that runs it and returns nothing deploys there and halts before.
PUSH0 = bytes.fromhex("5f5f f3".replace(" ", ""))


def runs(fork: str) -> bool:
    evm = EVM(spec_id=fork)
    evm.set_balance(SENDER, 10**18)
    try:
        evm.deploy(SENDER, PUSH0)
    except RuntimeError:
        return False
    return True


print("pyrevm", version("pyrevm"))
found = {fork: runs(fork) for fork in ("London", "LONDON", "london", "Londn", "Shanghai", "no fork at all")}
for fork, can in found.items():
    print(f"asked for {fork!r}: PUSH0, an opcode of Shanghai, {'runs' if can else 'halts'}")
assert found == {
    "London": False, "LONDON": True, "london": True, "Londn": True, "Shanghai": True, "no fork at all": True,
}
PYTHON
