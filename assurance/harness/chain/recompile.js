// Compiles one contract of a standard JSON input from what is in that input alone, as often as it is asked: a line
// { input, file, name } on stdin, a line { creation, runtime, abi, errors } on stdout. The file is given, what it imports
// is handed over as it asks for it, and all answers are kept on disk under the same keys as those of the project's own
// compile: of equal sources and settings it is known already.
"use strict";

const { createInterface } = require("node:readline");
const { keep, lookUp } = require("../../../toolchain/solc/cache.js");

const WANTED = JSON.parse(process.argv[2]);
const { version } = require("solc/package.json");

function outputOf({ input, file }) {
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
  const known = lookUp(key, read);
  if (known !== undefined) return known;
  const imports = {};
  const output = require("solc").compile(question, { import: (name) => (imports[name] = read(name)) });
  keep(key, { imports, output });
  return output;
}

function answer(asked) {
  const { contracts, errors } = JSON.parse(outputOf(asked));
  const found = contracts?.[asked.file]?.[asked.name];
  if (!found) return { errors: (errors ?? []).map((error) => error.formattedMessage) };
  return { creation: found.evm.bytecode.object, runtime: found.evm.deployedBytecode.object, abi: found.abi };
}

createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
});
