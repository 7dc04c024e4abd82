// Answers kept on disk, by the compiler, its whole input and everything that was imported: a hit is exactly what a
// compile would print.
"use strict";

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { ROOT } = require("./reader.js");

const FOLDER = process.env.DATADAO_SOLC_CACHE ?? path.join(ROOT, ".cache", "solc");
const MOST_BYTES = 256 * 1024 * 1024; // a full build is some 10 MB: enough for a few branches and profiles

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const fileOf = (key) => path.join(FOLDER, `${sha256(key)}.json`);

// Under the key stand the names of what was imported; under the key and all that these names answer, the output. So
// going back to an earlier text, or to another branch, finds what was compiled there.
function entryOf(key, names, read) {
  return fileOf(`${key}\n${names.map((name) => sha256(JSON.stringify(read(name)))).join("\n")}`);
}

// The answer to `key` with what its imports hold now, or undefined.
function lookUp(key, read) {
  try {
    const names = JSON.parse(fs.readFileSync(fileOf(key), "utf8"));
    const file = entryOf(key, names, read);
    const { output } = JSON.parse(fs.readFileSync(file, "utf8"));
    for (const used of [file, fileOf(key)]) fs.utimesSync(used, new Date(), new Date()); // the least recently used go first
    return output;
  } catch {
    return undefined; // no entry, or an unreadable one: it is computed and written anew
  }
}

// `imports` is { name: what the reader answered }.
function keep(key, { imports, output }) {
  const names = Object.keys(imports).sort();
  try {
    fs.mkdirSync(FOLDER, { recursive: true });
    write(fileOf(key), JSON.stringify(names));
    write(entryOf(key, names, (name) => imports[name]), JSON.stringify({ output }));
  } catch {
    // A full or read-only disk, or another run's clean-up, must not fail a compile.
  }
}

// Renamed into place, so that runs side by side see a whole entry or none.
function write(file, text) {
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, text);
  fs.renameSync(temporary, file);
}

// Deletes what was not used for the longest time. Once after all of a run's entries.
function trim() {
  try {
    const entries = fs.readdirSync(FOLDER).map((name) => ({ name, stat: fs.statSync(path.join(FOLDER, name)) }));
    let total = 0;
    for (const { name, stat } of entries.sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs)) {
      total += stat.size;
      if (total > MOST_BYTES) fs.rmSync(path.join(FOLDER, name), { force: true });
    }
  } catch {
    // Another run's clean-up, as above.
  }
}

module.exports = { keep, lookUp, trim };
