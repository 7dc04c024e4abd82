#!/bin/sh
# Guess: damage of an age file is a DecryptError however it is decrypted, and a decryption that fails leaves nothing.
# Instead: `decrypt` of bytes raises DecryptError; `decrypt_io` of the same bytes as a stream raises a plain OSError, as a
# full disk does, and everything before the damaged chunk is in the target by then. A caller that catches DecryptError
# crashes, and one that takes the OSError for its disk's tries again, beside a file that looks whole.
# pyrage 1.4.0. Hurts: whoever decrypts large files by streams: write to a temporary name, rename after success.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "pyrage==1.4.0"
"$folder/venv/bin/python" - <<'PYTHON'
import io
from importlib.metadata import version

import pyrage

identity = pyrage.x25519.Identity.generate()
sealed = io.BytesIO()
pyrage.encrypt_io(io.BytesIO(bytes(200_000)), sealed, [identity.to_public()])
damaged = bytearray(sealed.getvalue())
damaged[-10] ^= 1
print("pyrage", version("pyrage"), "- one bit of the last chunk is wrong, of 200,000 bytes")

try:
    pyrage.decrypt(bytes(damaged), [identity])
except Exception as error:
    at_once = error
target = io.BytesIO()
try:
    pyrage.decrypt_io(io.BytesIO(bytes(damaged)), target, [identity])
except Exception as error:
    streamed = error
print(f"decrypt:    {type(at_once).__name__}")
print(f"decrypt_io: {type(streamed).__name__}({streamed}), {len(target.getvalue())} bytes written")
assert type(at_once) is pyrage.DecryptError
assert type(streamed) is OSError and streamed.errno is None
assert len(target.getvalue()) == 196_608
PYTHON
