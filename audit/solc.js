// A compiler that stays: one line of JSON in, one out. The next compile of a contract finds the compiler warm and all
// files read. `edits` are whole files that stand in for those on disk, for one compile only.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const solc = require("solc");

const ROOT = path.resolve(__dirname, "..");
const sources = new Map();

function read(name) {
  if (!sources.has(name)) {
    const file = name.startsWith("@") ? path.join(ROOT, "node_modules", name) : path.join(ROOT, name);
    sources.set(name, fs.readFileSync(file, "utf8"));
  }
  return sources.get(name);
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
  const outputSelection = output === "ast" ? { "*": { "": ["ast"] } } : { [file]: { [contract]: output } };
  const given = Object.fromEntries(files.map((name) => [name, { content: source(name) }]));
  const input = { language: "Solidity", sources: given, settings: { ...settings, outputSelection } };
  const { contracts, sources: units, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: answer }));
  const fatal = errors.filter(({ severity }) => severity === "error").map(({ formattedMessage }) => formattedMessage);
  if (fatal.length > 0) return { errors: fatal };
  if (output === "ast") {
    const wanted = Object.entries(units).filter(([name]) => name.startsWith("contracts/") || files.includes(name));
    return { units: Object.fromEntries(wanted.map(([name, unit]) => [name, unit.ast])) };
  }
  const { bytecode, deployedBytecode } = contracts[file][contract].evm;
  return { creation: bytecode.object, runtime: deployedBytecode.object };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(compile(JSON.parse(line)))}\n`);
});
