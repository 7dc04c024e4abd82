#!/bin/sh
# Guess: `forge test` from the npm package fails as the forge it starts fails.
# Instead: the package's launcher drops the exit code of the binary that it starts: whatever fails, it ends with 0. Shown
# with a command that does not exist; a suite with failing tests ends the same way.
# @foundry-rs/forge 1.7.1 (npm). Hurts: CI and mutation campaigns that ask the launcher: everything passes, every mutant
# "lives". Call the platform package's binary, and begin with a test that must fail.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder" npm_config_update_notifier=false
cd "$folder"
npm init --yes >/dev/null
npm install --loglevel=error --no-audit --no-fund @foundry-rs/forge@1.7.1 >/dev/null

code() { "$@" >/dev/null 2>&1 && echo 0 || echo $?; }
binary=$(ls -d node_modules/@foundry-rs/forge-*/bin/forge*)
node_modules/.bin/forge --version | head -n 1
launched=$(code node_modules/.bin/forge no-such-command) direct=$(code "$binary" no-such-command)
echo "a command that does not exist: the launcher ends with $launched, the binary with $direct"
[ "$launched" = 0 ]
[ "$direct" != 0 ]
