// Compiles one contract of a standard JSON input from what is in that input alone: stdin { input, file }, stdout
// { version, output }. The file is given, what it imports is handed over as it asks for it, and all answers are kept on
// disk under the same keys as those of the project's own compile: of equal sources and settings it is known already.
"use strict";

const fs = require("node:fs");
const { keep, lookUp } = require("../../../toolchain/solc/cache.js");

const WANTED = JSON.parse(process.argv[2]);
const { version } = require("solc/package.json");
const { input, file } = JSON.parse(fs.readFileSync(0, "utf8"));
const { optimizer, evmVersion, viaIR, remappings, outputSelection: _, ...others } = input.settings;

// In the order of toolchain/compile, so that equal questions are equal texts.
const settings = { optimizer, evmVersion, viaIR, remappings, ...others, outputSelection: { [file]: { "*": WANTED } } };
if (optimizer) settings.optimizer = { enabled: optimizer.enabled, runs: optimizer.runs, ...optimizer };
const sources = { [file]: { content: input.sources[file]?.content } };
const question = JSON.stringify({ language: input.language, sources, settings });

const read = (name) => {
  const content = input.sources[name]?.content;
  return content === undefined ? { error: "File not found." } : { contents: content };
};

const key = `${version}\n${question}`;
let output = lookUp(key, read);
if (output === undefined) {
  const imports = {};
  output = require("solc").compile(question, { import: (name) => (imports[name] = read(name)) });
  keep(key, { imports, output });
}
process.stdout.write(JSON.stringify({ version, output: JSON.parse(output) }));
