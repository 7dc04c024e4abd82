#!/bin/sh
# Guess: Ape leaves out files by where they lie inside the project (its patterns are .cache, .build, .git, *.md ...).
# Instead: the patterns meet the whole path, so a project that was checked out anywhere below a folder called .cache has
# no contracts. `ape compile` warns "Nothing to compile" and exits 0; a script that goes on uses what was compiled before.
# eth-ape 0.8.51. Hurts: continuous integration and tools that keep checkouts below ~/.cache (ours did: toolchain/baseline).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qqq --disable-pip-version-check "eth-ape==0.8.51" "setuptools<81"
export HOME="$folder" APE_DATA_FOLDER="$folder/ape"

project() {
    mkdir -p "$1/contracts"
    echo '[{"type": "function", "name": "f", "inputs": [], "outputs": [], "stateMutability": "view"}]' >"$1/contracts/Thing.json"
    code=0
    (cd "$1" && "$folder/venv/bin/ape" compile 2>&1) || code=$?
    echo "exit code $code"
}

"$folder/venv/bin/ape" --version
plain=$(project "$folder/plain/project")
hidden=$(project "$folder/.cache/project")
printf 'In plain/project:\n%s\nIn .cache/project:\n%s\n' "$plain" "$hidden"
case "$plain" in *"Nothing to compile"*) exit 1 ;; *"compiled"*"exit code 0") ;; *) exit 1 ;; esac
case "$hidden" in *"Nothing to compile"*"exit code 0") ;; *) exit 1 ;; esac
