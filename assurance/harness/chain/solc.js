// A compiler that stays: one line of JSON in, one out. The next compile of a contract finds the compiler warm and all
// files read. `edits` are whole files that stand in for those on disk, for one compile only.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const solc = require("solc");

const ROOT = path.resolve(__dirname, "..", "..", "..");
const sources = new Map();

function read(name) {
  if (!sources.has(name)) {
    const file = name.startsWith("@") ? path.join(ROOT, "node_modules", name) : path.join(ROOT, name);
    sources.set(name, fs.readFileSync(file, "utf8"));
  }
  return sources.get(name);
}

// The files named and all of ours: trees of whole libraries are many megabytes that nobody asks for.
function trees(files) {
  const ours = fs.readdirSync(path.join(ROOT, "contracts"), { recursive: true }).map((name) => `contracts/${name}`);
  return [...new Set([...files, ...ours.filter((name) => name.endsWith(".sol"))])];
}

function compile({ files, contract, settings, output, edits }) {
  const source = (name) => edits?.[name] ?? read(name);
  const answer = (name) => {
    try {
      return { contents: source(name) };
    } catch {
      return { error: "File not found." };
    }
  };
  const [file] = files;
  const asked = output === "ast" ? trees(files).map((name) => [name, { "": ["ast"] }]) : [[file, { [contract]: output }]];
  const outputSelection = Object.fromEntries(asked);
  const given = Object.fromEntries(files.map((name) => [name, { content: source(name) }]));
  const input = { language: "Solidity", sources: given, settings: { ...settings, outputSelection } };
  const { contracts, sources: units, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: answer }));
  const fatal = errors.filter(({ severity }) => severity === "error").map(({ formattedMessage }) => formattedMessage);
  if (fatal.length > 0) return { errors: fatal };
  if (output === "ast") {
    const found = Object.entries(units).filter(([, { ast }]) => ast);
    return { units: Object.fromEntries(found.map(([name, { ast }]) => [name, ast])) };
  }
  const { bytecode, deployedBytecode } = contracts[file][contract].evm;
  return { creation: bytecode.object, runtime: deployedBytecode.object, files: Object.keys(units) };
}

process.stdout.on("error", () => process.exit()); // whoever asked is gone

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(compile(JSON.parse(line)))}\n`);
});
