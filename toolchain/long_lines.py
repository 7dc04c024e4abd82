"""Lines beyond 200 characters in text files, as `path:line: length`; exit code 1 if there are any.

python toolchain/long_lines.py [FILE ...]    those files, or all of this repository
"""

import subprocess
import sys
from pathlib import Path

LIMIT = 200
GENERATED = ("interfaces/", "tests/data/", "docs/reference.md")
NO_TEXT = {".json", ".lock", ".csv", ".png", ".wasm", ".parquet"}


def texts() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")  # noqa: S603
    return [name for name in names if name and not name.startswith(GENERATED) and Path(name).suffix not in NO_TEXT]


def main(names: list[str]) -> int:
    found = False
    for name in names or texts():
        if not Path(name).is_file():
            continue  # removed, and not committed yet
        for number, line in enumerate(Path(name).read_text().splitlines(), 1):
            if len(line) > LIMIT:
                found = True
                print(f"{name}:{number}: {len(line)} characters, at most {LIMIT}")
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
