// What the compiler may read, by the rules of the native one: a source unit name is looked up below the base and include
// paths, and what is found must lie, links resolved, below one of them or below an allowed path.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "..", "..");

// One rule more: Ape compiles a copy of the project in a temporary folder and leaves node_modules out of the copy, so
// names below node_modules/ are looked up in this project last.
function reader({ base, include, allow }) {
  const roots = [base || process.cwd(), ...include].map((p) => path.resolve(p));
  const allowed = [...roots, path.join(ROOT, "node_modules"), ...allow.map((p) => path.resolve(p))]
    .filter((p) => fs.existsSync(p))
    .map((p) => fs.realpathSync(p));
  const inside = (file) => allowed.some((folder) => !path.relative(folder, file).startsWith(".."));
  const answers = new Map(); // many files import the same ones
  const read = (name) => {
    const unit = name.replace(/^file:\/\//, "");
    const folders = unit.startsWith("node_modules/") ? [...roots, ROOT] : roots;
    const candidates = path.isAbsolute(unit) ? [unit] : folders.map((folder) => path.join(folder, unit));
    const found = candidates.find((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile());
    if (found === undefined) return { error: "File not found." };
    const file = fs.realpathSync(found);
    return inside(file) ? { contents: fs.readFileSync(file, "utf8") } : { error: "File outside of allowed directories." };
  };
  return (name) => {
    if (!answers.has(name)) answers.set(name, read(name));
    return answers.get(name);
  };
}

module.exports = { ROOT, reader };
