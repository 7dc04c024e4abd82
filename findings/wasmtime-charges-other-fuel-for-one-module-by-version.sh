#!/bin/sh
# Guess: fuel is a property of a module and its input, so that a limit agreed on today holds after an upgrade.
# Instead: plain instructions cost the same, what the engine does in bulk does not: memory.fill of 60,000 bytes costs 5
# up to version 45 and 60,005 from 46 on; memory.grow by 16 pages costs 3 up to 48 and 19 from 49 on. No changed API and
# no error shows it.
# wasmtime 45.0.0, 46.0.1, 49.0.0 (PyPI). Hurts: whoever bills, limits or compares by fuel across machines: the engine's
# exact version belongs into what is agreed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder"
cat > "$folder/fuel.py" <<'PYTHON'
from importlib.metadata import version

import wasmtime

MODULE = """
(module (memory 1)
  (func (export "count") (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000)))))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 60000)))
  (func (export "grow") (drop (memory.grow (i32.const 16)))))
"""
config = wasmtime.Config()
config.consume_fuel = True
engine = wasmtime.Engine(config)
store = wasmtime.Store(engine)
exports = wasmtime.Instance(store, wasmtime.Module(engine, MODULE), []).exports(store)


def fuel(name):
    store.set_fuel(1_000_000)
    exports[name](store)
    return 1_000_000 - store.get_fuel()


print(version("wasmtime"), *(f"{name} {fuel(name)}" for name in ("count", "fill", "grow")))
PYTHON
found=
for release in 45.0.0 46.0.1 49.0.0; do
    python3 -m venv "$folder/$release"
    "$folder/$release/bin/python" -m pip install -qqq --disable-pip-version-check "wasmtime==$release"
    line=$("$folder/$release/bin/python" "$folder/fuel.py")
    echo "wasmtime $line"
    found="$found$line;"
done
[ "$found" = "45.0.0 count 8001 fill 5 grow 3;46.0.1 count 8001 fill 60005 grow 3;49.0.0 count 8001 fill 60005 grow 19;" ]
