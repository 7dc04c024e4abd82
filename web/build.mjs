// Bundles the page into web/dist, or a program of web/test for Node:  node web/build.mjs [PROGRAM.ts OUTPUT.mjs]
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const WEB = dirname(fileURLToPath(import.meta.url));
const SHARED = { bundle: true, format: "esm", charset: "utf8", legalComments: "none", logLevel: "warning" };

/** One file that Node runs, of sources that a browser gets too. */
async function program(source, output) {
  await build({ ...SHARED, entryPoints: [source], outfile: output, platform: "node", tsconfig: join(WEB, "tsconfig.json") });
}

const [source, output] = process.argv.slice(2);
await program(source, output);
