#!/usr/bin/env node
// Renews package-lock.json for every platform, whatever this machine is.
//
// npm leaves an optional package out of the lock when it is not installed here or this registry does not have it, and
// `npm ci` then refuses the lock on every machine. So: resolve in an empty folder (npm copies what node_modules lacks),
// and enter what is still missing by its exact version, without a hash; a registry that has it fills the hash in.
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "..");
const CPU = { amd64: "x64", arm64: "arm64" };

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "datadao-lock-"));
try {
  for (const name of ["package.json", ".npmrc"]) fs.copyFileSync(path.join(ROOT, name), path.join(folder, name));
  execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts", "--loglevel=error"], { cwd: folder, stdio: "inherit" });

  const lock = JSON.parse(fs.readFileSync(path.join(folder, "package-lock.json"), "utf8"));
  const wanted = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")).optionalDependencies;
  lock.packages[""].optionalDependencies = wanted;
  for (const [name, version] of Object.entries(wanted)) {
    const [system, cpu] = name.split("-").slice(-2);
    lock.packages[`node_modules/${name}`] ??= { version, cpu: [CPU[cpu]], optional: true, os: [system] };
  }
  const byName = ([a], [b]) => (a < b ? -1 : 1);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byName));
  fs.writeFileSync(path.join(ROOT, "package-lock.json"), JSON.stringify(lock, null, 2) + "\n");
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
