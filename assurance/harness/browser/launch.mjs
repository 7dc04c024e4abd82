// Chromium for what is looked at in a browser: the audit's page, and the members'. It is the one of node_modules, built
// for Linux on x86-64; elsewhere, or by choice, the one that CHROME names.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const CACHE = resolve(dirname(fileURLToPath(import.meta.url)), "../../../.cache/chromium");
const PATIENCE = { protocolTimeout: 90_000 };

/** A Chromium. Raises where there is none for this machine. */
export async function browser() {
  if (process.env.CHROME) {
    if (!existsSync(process.env.CHROME)) throw new Error(`CHROME is ${process.env.CHROME}, and there is no such file`);
    return puppeteer.launch({ executablePath: process.env.CHROME, args: ["--no-sandbox"], ...PATIENCE });
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `npm has no Chromium for ${process.platform} on ${process.arch}: ` +
        "install Chrome or Chromium and set CHROME to the path of its program",
    );
  }
  const args = ["--no-sandbox", "--disable-gpu"];
  return puppeteer.launch({ executablePath: await unpacked(), args, headless: "shell", ...PATIENCE });
}

// The package unpacks itself into the folder for temporary files, and takes a half unpacked browser for a whole one: it
// does so aside here, and is put in its place when done.
async function unpacked() {
  const { version } = createRequire(import.meta.url)("../../../node_modules/@sparticuz/chromium/package.json");
  const folder = join(CACHE, version);
  if (!existsSync(folder)) {
    const aside = `${folder}.${process.pid}`;
    mkdirSync(aside, { recursive: true });
    process.env.TMPDIR = aside;
    // With its own copies of system libraries, which few machines without a browser have.
    process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs22.x";
    const { default: chromium } = await import("@sparticuz/chromium");
    await chromium.executablePath();
    if (existsSync(folder)) rmSync(aside, { recursive: true });
    else renameSync(aside, folder);
  }
  process.env.TMPDIR = CACHE;
  process.env.FONTCONFIG_FILE = join(CACHE, "fonts.conf");
  writeFileSync(process.env.FONTCONFIG_FILE, `<fontconfig><dir>${folder}/fonts</dir><cachedir>${CACHE}</cachedir></fontconfig>`);
  process.env.LD_LIBRARY_PATH = join(folder, "al2023", "lib");
  return join(folder, "chromium");
}
