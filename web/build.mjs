// Builds the page: static files with hashed names, the same bytes each time.
//
//   node web/build.mjs --record FILE --name NAME --node URL [--desk URL] [--out FOLDER]
//       the page of the newest deployment of a record (deployments/<chain-id>.json)
//   node web/build.mjs --config FILE [--out FOLDER]        the same of what FILE says
//   node web/build.mjs [--out FOLDER]                      a page of no DAO, as a release has it
//   node web/build.mjs --program PROGRAM.ts OUTPUT     a program of web/test, for Node (.mjs) or a browser (.js)
//
// FILE is JSON: name, chainId, since (a block), contracts (addresses of timelock, token, splitter, governor, leases,
// registry, asset), node (JSON-RPC over HTTP), desk (an address, "." for where the page itself lies, or null).
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const WEB = dirname(fileURLToPath(import.meta.url));
const SHARED = {
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  tsconfig: join(WEB, "tsconfig.json"),
  absWorkingDir: WEB,
};
const ENTRIES = { page: "src/main.tsx", hasher: "src/hasher.ts", style: "style.css" };
const CONTRACTS = ["timelock", "token", "splitter", "governor", "leases", "registry", "asset"];

const sha = (algorithm, data, encoding) => createHash(algorithm).update(data).digest(encoding);

/** One file of sources that the page has too: .mjs for Node, .js for a browser, minified as the page is. */
async function program(source, output) {
  const kind = output.endsWith(".js") ? { platform: "browser", format: "iife", minify: true } : { platform: "node" };
  await build({ ...SHARED, entryPoints: [resolve(source)], outfile: resolve(output), ...kind });
}

async function page(config, out) {
  const { outputFiles } = await build({
    ...SHARED,
    entryPoints: Object.entries(ENTRIES).map(([out, file]) => ({ in: file, out })),
    outdir: out,
    minify: true,
    platform: "browser",
    write: false,
  });
  const files = new Map();
  const place = (name, data) => {
    const [stem, end] = name.split(/\.(?=\w+$)/);
    const named = `${stem}-${sha("sha256", data, "hex").slice(0, 16)}.${end}`;
    files.set(named, data);
    return named;
  };
  const made = Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
  const script = place("page.js", made["page.js"]);
  const hasher = place("hasher.js", made["hasher.js"]);
  const style = place("style.css", made["style.css"]);
  const languages = {};
  for (const name of readdirSync(join(WEB, "lang")).sort().filter((name) => name !== "en.json")) {
    languages[name.replace(".json", "")] = place(name, readFileSync(join(WEB, "lang", name)));
  }
  const listed = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = sha("sha256", listed.map(([name, data]) => `${sha("sha256", data, "hex")}  ${name}\n`).join(""), "hex");
  const origins = [config.node, config.desk].filter((url) => url && /^https?:/.test(url)).map((url) => new URL(url).origin);
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    `connect-src ${["'self'", ...new Set(origins)].join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  // Inside a script element only "<" could end it.
  const settings = JSON.stringify({ ...config, languages, hasher, build: digest }).replaceAll("<", "\\u003c");
  const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const values = {
    POLICY: policy,
    NAME: escaped(config.name),
    STYLE: style,
    STYLE_HASH: `sha384-${sha("sha384", made["style.css"], "base64")}`,
    CONFIG: settings,
    SCRIPT: script,
    SCRIPT_HASH: `sha384-${sha("sha384", made["page.js"], "base64")}`,
  };
  const index = readFileSync(join(WEB, "index.html"), "utf8").replace(/@([A-Z_]+)@/g, (_, key) => values[key]);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const [name, data] of [...files, ["index.html", index]]) writeFileSync(join(out, name), data);
  return digest;
}

function configured(file) {
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  return checked(file, JSON.parse(readFileSync(file, "utf8")));
}

/** Raises for a configuration that a page could not work with, naming what is wrong. */
function checked(file, config) {
  const fault = (name, wanted) => new Error(`${file}: ${name} is ${JSON.stringify(config[name]) ?? "missing"}; expected ${wanted}`);
  if (typeof config.name !== "string" || !config.name) throw fault("name", "what members call their DAO");
  for (const name of ["chainId", "since"]) if (!Number.isSafeInteger(config[name])) throw fault(name, "a whole number");
  if (!/^https?:\/\//.test(config.node ?? "")) throw fault("node", "an address like https://node.example");
  if (config.desk !== null && typeof config.desk !== "string") throw fault("desk", 'an address, "." or null');
  for (const key of CONTRACTS) {
    if (!/^0x[0-9a-fA-F]{40}$/.test(config.contracts?.[key] ?? "")) throw fault("contracts", `an address of ${key}`);
  }
  return config;
}

const NAMES = {
  timelock: "DataTimelock",
  token: "DataToken",
  splitter: "RevenueSplitter",
  governor: "DataGovernor",
  leases: "DataLeases",
  registry: "DatasetRegistry",
};

/** The configuration of the newest deployment of a record. */
function recorded({ record, name, node, desk = "." }) {
  if (!existsSync(record)) throw new Error(`there is no ${record}`);
  const { chain_id: chainId, deployments } = JSON.parse(readFileSync(record, "utf8"));
  const { contracts: made, asset } = deployments.at(-1);
  const contracts = Object.fromEntries(Object.entries(NAMES).map(([key, contract]) => [key, made[contract].address]));
  const since = Math.min(...Object.values(made).map(({ block }) => block));
  return checked(record, { name, chainId, since, contracts: { ...contracts, asset }, node, desk: desk === "none" ? null : desk });
}

/** A page of no DAO: its files are those of every page, and what a release states the hash of. */
const BARE = { name: "Data DAO", chainId: 0, since: 0, contracts: {}, node: "", desk: null };

try {
  const texts = ["config", "record", "name", "node", "desk", "out"].map((name) => [name, { type: "string" }]);
  const options = { ...Object.fromEntries(texts), program: { type: "boolean" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.program) await program(...positionals);
  else {
    const out = values.out ?? join(WEB, "dist");
    const config = values.record ? recorded(values) : values.config ? configured(values.config) : BARE;
    console.log(`${await page(config, out)}  ${out}`);
  }
} catch (error) {
  console.error(`page: ${error.message}`);
  process.exitCode = 1;
}
