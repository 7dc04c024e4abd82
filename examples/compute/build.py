"""Builds the programs of this folder with the compilers of the lock files, and says what came out.

    toolchain/run python examples/compute/build.py FOLDER [--write]

A module's sha256 is its programHash. It depends on the compiler, its version and every flag (`-Os` is another `exp`
than `-O3`), which `programs.json` records beside it; --write renews that file. A test builds anew and compares.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MANIFEST = HERE / "programs.json"
ASSEMBLYSCRIPT = ["-O3", "--runtime", "stub", "--use", "abort=", "--noAssert"]
C = [
    "--target=wasm32-freestanding", "-mcpu=mvp+bulk_memory", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all",
]  # fmt: skip


def assemblyscript(source: str, target: Path) -> dict[str, object]:
    module = ROOT / "node_modules" / "assemblyscript"
    found = json.loads((module / "package.json").read_text())["version"]
    # In its own folder, so that no path of this machine gets into the module.
    subprocess.run(["node", module / "bin" / "asc.js", source, "-o", target, *ASSEMBLYSCRIPT], cwd=HERE, check=True)
    return {"compiler": f"assemblyscript {found}", "flags": ASSEMBLYSCRIPT}


def c(source: str, target: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as cache:
        caches = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
        command = [sys.executable, "-m", "ziglang", "cc", *C, "-o", str(target), source]
        subprocess.run(command, cwd=HERE, env={**os.environ, **caches}, check=True)
    return {"compiler": f"ziglang {version('ziglang')}", "flags": C}


BUILDERS = {".ts": assemblyscript, ".c": c}
SOURCES = ("classifier.ts", "histogram.ts", "regression.c", "summary.c")


def build(folder: Path) -> dict[str, dict[str, object]]:
    """Builds all into `folder`; what `programs.json` says of each."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for source in SOURCES:
        target = folder.resolve() / f"{Path(source).stem}.wasm"
        how = BUILDERS[Path(source).suffix](source, target)
        made[source] = {"sha256": hashlib.sha256(target.read_bytes()).hexdigest(), **how}
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the programs of this folder, and says what came out.")
    parser.add_argument("folder", type=Path, help="where the modules go")
    parser.add_argument("--write", action="store_true", help=f"renew {MANIFEST.name}")
    options = parser.parse_args()
    text = json.dumps(build(options.folder), indent=2) + "\n"
    if options.write:
        MANIFEST.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
