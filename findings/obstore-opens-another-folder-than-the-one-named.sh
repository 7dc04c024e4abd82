#!/bin/sh
# Guess: a store of file:///data/run#1 keeps its objects in the folder /data/run#1, or the address is refused: `#` and `?`
# may stand in a folder's name, and a path has no fragment.
# Instead: what follows is cut off without a word, and the objects of run#1, run#2 and run?x all lie in /data/run; %41 is
# read as A. The same store class by LocalStore(prefix) takes the name as it is written.
# obstore 0.12.1. Hurts: whoever makes an address of a folder's name by putting "file://" before it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "obstore==0.12.1"
cat >"$folder/show.py" <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import obstore
from obstore.store import LocalStore, from_url

root = Path(sys.argv[1], "data")
print("obstore", version("obstore"))
for name, lands in (("run#1", "run"), ("run#2", "run"), ("run?x", "run"), ("e%41f", "eAf")):
    for made in {name, lands}:
        (root / made).mkdir(parents=True, exist_ok=True)
    obstore.put(from_url(f"file://{root / name}"), f"object-of-{name[-1]}", b"x")
    found = [path for path in sorted(root.rglob(f"object-of-{name[-1]}"))]
    print(f"file://.../{name}: the object lies in {', '.join(path.parent.name for path in found)}")
    assert [path.parent.name for path in found] == [lands], found
    found[0].unlink()
obstore.put(LocalStore(root / "run#1"), "direct", b"x")
print("LocalStore('.../run#1'): the object lies in", next(root.rglob("direct")).parent.name)
assert (root / "run#1" / "direct").exists()
PY
"$folder/venv/bin/python" "$folder/show.py" "$folder"
