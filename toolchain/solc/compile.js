// Runs the WebAssembly compiler on all cores. It has one thread and takes a minute for this project through via-IR,
// nearly all of it code generation, so workers get the same input and generate code for different files.
// Every worker parses all sources: what it prints for a file is what one compile of everything prints.
"use strict";

const os = require("node:os");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");
const { reader } = require("./reader.js");

const MOST_WORKERS = 6; // each takes some 300 MB

function compileHere(input, read) {
  const imports = {};
  const output = require("solc").compile(input, { import: (name) => (imports[name] = read(name)) });
  return { imports, output };
}

// One task for each file with a concrete contract, and one for all others, which cost next to nothing.
function split(input) {
  const { outputSelection } = input.settings ?? {};
  const files = Object.keys(outputSelection ?? {});
  const concrete = files.filter((file) => /^\s*contract\s/m.test(input.sources?.[file]?.content ?? ""));
  if (concrete.length < 2 || files.includes("*")) return [];
  const rest = files.filter((file) => !concrete.includes(file));
  return [...concrete.map((file) => [file]), rest].map((names) => {
    const selection = Object.fromEntries(names.map((name) => [name, outputSelection[name]]));
    return JSON.stringify({ ...input, settings: { ...input.settings, outputSelection: selection } });
  });
}

function merge(results) {
  const imports = Object.assign({}, ...results.map((result) => result.imports));
  const whole = { contracts: {}, errors: [], sources: {} };
  const seen = new Set(); // every worker reports what it met while parsing
  for (const { contracts, errors, sources } of results.map((result) => JSON.parse(result.output))) {
    Object.assign(whole.contracts, contracts);
    for (const [name, source] of Object.entries(sources ?? {})) whole.sources[name] = { ...whole.sources[name], ...source };
    for (const error of errors ?? []) {
      const text = JSON.stringify(error);
      if (!seen.has(text)) whole.errors.push(error);
      seen.add(text);
    }
  }
  if (whole.errors.length === 0) delete whole.errors;
  return { imports, output: JSON.stringify(whole) };
}

function parse(input) {
  try {
    return JSON.parse(input);
  } catch {
    return {}; // the compiler says what is wrong with it
  }
}

async function compile(input, options) {
  const tasks = split(parse(input));
  const cores = os.availableParallelism?.() ?? os.cpus().length;
  if (tasks.length === 0 || cores === 1) return compileHere(input, reader(options));
  const results = [];
  const work = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(__filename, { workerData: options });
      const next = () => (tasks.length > 0 ? worker.postMessage(tasks.shift()) : worker.terminate().then(resolve));
      worker.on("message", (result) => {
        results.push(result);
        next();
      });
      worker.on("error", reject);
      next();
    });
  await Promise.all(Array.from({ length: Math.min(cores, MOST_WORKERS, tasks.length) }, work));
  return merge(results);
}

if (!isMainThread) {
  const read = reader(workerData);
  parentPort.on("message", (input) => parentPort.postMessage(compileHere(input, read)));
}

module.exports = { compile };
