#!/bin/sh
# Guess: is_address and to_checksum_address refuse a mixed-case address whose checksum (EIP-55) is wrong, as web3's own
# methods do: the case is there to find a mistyped digit.
# Instead: is_address says True, and to_checksum_address lowers the letters first and returns the address with a right
# checksum. With one digit mistyped, what comes out passes every later check.
# eth-utils 5.3.0. Hurts: whoever "normalises" an address that a person typed with it (ours did, in a configuration).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "eth-utils==5.3.0" "eth-hash[pycryptodome]==0.7.1"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from eth_utils import is_address, is_checksum_address, to_checksum_address

right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55
typed = right[:-1] + "e"  # one digit is another
out = to_checksum_address(typed)
print("eth-utils", version("eth-utils"))
print(f"typed {typed}: is_address {is_address(typed)}, to_checksum_address gives {out}")
assert is_checksum_address(right) and not is_checksum_address(typed) and is_address(typed)
assert out != typed and is_checksum_address(out) and out.lower() == typed.lower()
PY
