// Answers kept on disk. An entry is keyed by the compiler and its whole input and holds a hash of everything that was
// imported, so a hit is exactly what a compile would print.
"use strict";

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { ROOT } = require("./reader.js");

const FOLDER = process.env.DATADAO_SOLC_CACHE ?? path.join(ROOT, ".cache", "solc");
const ENTRIES = 24; // a full build is some MB: enough for a few branches and profiles, never a growing folder

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// `compute` gives { imports: { name: what the reader answered }, output }.
async function cached(key, read, compute) {
  const file = path.join(FOLDER, `${sha256(key)}.json`);
  const unchanged = ([name, hash]) => sha256(JSON.stringify(read(name))) === hash;
  try {
    const { imports, output } = JSON.parse(fs.readFileSync(file, "utf8"));
    if (Object.entries(imports).every(unchanged)) {
      fs.utimesSync(file, new Date(), new Date()); // the least recently used go first
      return output;
    }
  } catch {
    // No entry, or an unreadable one: it is computed and written anew.
  }
  const { imports, output } = await compute();
  const hashes = Object.fromEntries(Object.entries(imports).map(([name, answer]) => [name, sha256(JSON.stringify(answer))]));
  try {
    store(file, JSON.stringify({ imports: hashes, output }));
  } catch {
    // A full or read-only disk, or another run's clean-up, must not fail a compile.
  }
  return output;
}

// Renamed into place, so that runs side by side see a whole entry or none.
function store(file, text) {
  fs.mkdirSync(FOLDER, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, text);
  fs.renameSync(temporary, file);
  const entries = fs.readdirSync(FOLDER).map((name) => ({ name, time: fs.statSync(path.join(FOLDER, name)).mtimeMs }));
  entries.sort((a, b) => b.time - a.time);
  for (const { name } of entries.slice(ENTRIES)) fs.rmSync(path.join(FOLDER, name), { force: true });
}

module.exports = { cached };
