// Runs the WebAssembly compiler on all cores, and only for what changed. It has one thread and takes a minute for this
// project through via-IR, nearly all of it code generation, so files are compiled apart, each with what it imports and
// nothing else: that is also what an answer in the cache depends on. What is put together again is what one compile of
// everything prints. Only syntax trees number their nodes over all sources: where those are asked for, every worker
// parses everything, and the whole is one answer.
"use strict";

const os = require("node:os");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");
const { keep, lookUp, trim } = require("./cache.js");
const { reader } = require("./reader.js");

const MOST_WORKERS = 6; // each takes some 300 MB

// What is given with the input goes before what lies on disk.
function given(sources, read) {
  return (name) => (sources[name]?.content === undefined ? read(name) : { contents: sources[name].content });
}

function compileHere({ input, sources }, read) {
  const imports = {};
  const look = given(sources, read);
  const output = require("solc").compile(input, { import: (name) => (imports[name] = look(name)) });
  return { imports, output };
}

const concrete = (content) => /^\s*contract\s/m.test(content ?? "");

// One task for each file; where there are syntax trees, for each file with a concrete contract and for all others.
function split(input) {
  const selection = input.settings?.outputSelection ?? {};
  const files = Object.keys(selection);
  const sources = input.sources ?? {};
  if (files.length < 2 || files.some((file) => file === "*" || sources[file]?.content === undefined)) return undefined;
  const trees = files.some((file) => "" in selection[file]);
  const own = trees ? files.filter((file) => concrete(sources[file].content)) : files;
  const rest = files.filter((file) => !own.includes(file));
  const tasks = [...own.map((file) => [file]), ...(rest.length ? [rest] : [])].map((names) => {
    const pick = (all) => Object.fromEntries(names.map((name) => [name, all[name]]));
    const settings = { ...input.settings, outputSelection: pick(selection) };
    return { names, input: JSON.stringify({ ...input, sources: trees ? sources : pick(sources), settings }), sources };
  });
  return { trees, tasks };
}

// The largest closures first, so that no core is left alone with one in the end.
function sized(task, read) {
  const look = given(task.sources, read);
  const seen = new Map();
  const visit = (name) => {
    if (seen.has(name)) return;
    const text = look(name).contents ?? "";
    seen.set(name, text.length);
    for (const [, path] of text.matchAll(/from "(\.[^"]+)"/g)) visit(new URL(path, `file:///${name}`).pathname.slice(1));
  };
  task.names.forEach(visit);
  return task.names.some((name) => concrete(look(name).contents)) ? [...seen.values()].reduce((a, b) => a + b) : 0;
}

// Source maps name files by their place among the sources of the compile at hand.
function renumber(map, places) {
  const steps = map.split(";").map((step) => {
    const fields = step.split(":");
    if (fields[2]) fields[2] = String(places.get(Number(fields[2])) ?? fields[2]);
    return fields.join(":");
  });
  return steps.join(";");
}

function merge(outputs, trees) {
  const whole = { contracts: {}, errors: [], sources: {} };
  const names = [...new Set(outputs.flatMap(({ sources }) => Object.keys(sources ?? {})))].sort();
  const seen = new Set(); // a file that many import is complained of in each
  for (const { contracts, errors, sources } of outputs) {
    const places = new Map(Object.entries(sources ?? {}).map(([name, { id }]) => [id, names.indexOf(name)]));
    for (const file of trees ? [] : Object.values(contracts ?? {}))
      for (const { evm } of Object.values(file))
        for (const code of [evm?.bytecode, evm?.deployedBytecode])
          if (code?.sourceMap) code.sourceMap = renumber(code.sourceMap, places);
    Object.assign(whole.contracts, contracts);
    for (const [name, source] of Object.entries(sources ?? {})) {
      whole.sources[name] = { ...whole.sources[name], ...source };
      if (!trees) whole.sources[name].id = names.indexOf(name);
    }
    for (const error of errors ?? []) {
      const text = JSON.stringify(error);
      if (!seen.has(text)) whole.errors.push(error);
      seen.add(text);
    }
  }
  if (whole.errors.length === 0) delete whole.errors;
  return JSON.stringify(whole);
}

// Answers of tasks in their order, computed by as many workers as there are cores; `done` takes each as it comes.
async function computed(tasks, options, done) {
  const waiting = [...tasks];
  const cores = os.availableParallelism?.() ?? os.cpus().length;
  const work = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(__filename, { workerData: options });
      let task;
      const next = () => {
        task = waiting.shift();
        if (task) worker.postMessage({ input: task.input, sources: task.sources });
        else worker.terminate().then(resolve);
      };
      worker.on("message", (answer) => {
        done(task, answer);
        next();
      });
      worker.on("error", reject);
      next();
    });
  await Promise.all(Array.from({ length: Math.min(cores, MOST_WORKERS, tasks.length) }, work));
}

function parse(input) {
  try {
    return JSON.parse(input);
  } catch {
    return {}; // the compiler says what is wrong with it
  }
}

async function compile(version, input, options) {
  const read = reader(options);
  const parts = split(parse(input)) ?? { trees: true, tasks: [{ names: [], input, sources: {} }] };
  const keyed = (text) => `${version}\n${text}`;
  // With syntax trees the numbers of one part depend on all: the whole is looked up, and kept, as one.
  const whole = parts.trees ? lookUp(keyed(input), read) : undefined;
  if (whole !== undefined) return whole;
  const found = new Map();
  const missing = [];
  for (const task of parts.tasks) {
    const output = parts.trees ? undefined : lookUp(keyed(task.input), given(task.sources, read));
    if (output === undefined) missing.push(task);
    else found.set(task, output);
  }
  const imports = {};
  const sizes = new Map(missing.map((task) => [task, sized(task, read)]));
  missing.sort((a, b) => sizes.get(b) - sizes.get(a));
  const done = (task, answer) => {
    Object.assign(imports, answer.imports);
    found.set(task, answer.output);
    if (!parts.trees) keep(keyed(task.input), answer);
  };
  if (missing.length === 1) done(missing[0], compileHere(missing[0], read));
  else await computed(missing, options, done);
  const outputs = parts.tasks.map((task) => found.get(task));
  const output = outputs.length === 1 ? outputs[0] : merge(outputs.map((text) => JSON.parse(text)), parts.trees);
  if (parts.trees) keep(keyed(input), { imports, output });
  if (missing.length > 0) trim();
  return output;
}

if (!isMainThread) {
  const read = reader(workerData);
  parentPort.on("message", (task) => parentPort.postMessage(compileHere(task, read)));
}

module.exports = { compile };
