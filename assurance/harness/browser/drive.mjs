// Drives pages of one Chromium by commands, one JSON line each on standard input, answered by one each:
//
//   node assurance/harness/browser/drive.mjs
//
// Each names its page. "begin" makes one, with nothing of the others in it: node (where wallets send), chainId, wallets
// (name, key; account for a contract that the key owns, with owners if it is a Safe or a passkey; atomic for EIP-5792),
// each of which announces itself in the page by EIP-6963. "end" ends it.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { createPublicClient, createWalletClient, encodeFunctionData, http, numberToHex, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { browser } from "./launch.mjs";
import { signature } from "./wallets.mjs";

const PATIENCE = 20_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WALLET = parseAbi(["function execute(address target, bytes data) returns (bytes)"]);

/** What wallets answer; what they signed and sent is kept, as their owners would have seen it. */
function answering({ node, chainId, wallets, signed, sent }) {
  const transport = http(node);
  const chain = { id: chainId, name: "", nativeCurrency: { name: "", symbol: "", decimals: 18 }, rpcUrls: { default: { http: [node] } } };
  const reader = createPublicClient({ chain, transport, pollingInterval: 50 });
  return async (name, { method, params = [] }) => {
    const wallet = wallets.find((wallet) => wallet.name === name);
    const { key, account, atomic } = wallet;
    const owner = privateKeyToAccount(key);
    const sender = createWalletClient({ account: owner, chain, transport });
    const send = async ({ to, data }) => {
      const call = account ? { to: account, data: encodeFunctionData({ abi: WALLET, functionName: "execute", args: [to, data] }) } : { to, data };
      const hash = await sender.sendTransaction(call);
      await reader.waitForTransactionReceipt({ hash });
      return hash;
    };
    switch (method) {
      case "eth_requestAccounts":
      case "eth_accounts":
        return [account ?? owner.address];
      case "eth_chainId":
        return numberToHex(chainId);
      case "eth_signTypedData_v4": {
        const { domain, types, primaryType, message } = JSON.parse(params[1]);
        signed.push({ wallet: name, primaryType, domain, message });
        const { EIP712Domain, ...structs } = types;
        return signature(wallet, { domain, types: structs, primaryType, message });
      }
      case "eth_sendTransaction":
        sent.push({ wallet: name, method, calls: [params[0]] });
        return send(params[0]);
      case "wallet_getCapabilities":
        if (atomic) return { [numberToHex(chainId)]: { atomic: { status: "supported" } } };
        break;
      case "wallet_sendCalls":
        sent.push({ wallet: name, method, atomic: params[0].atomicRequired, calls: params[0].calls });
        for (const call of params[0].calls) await send(call);
        return { id: "0x01" };
      case "wallet_getCallsStatus":
        return { status: 200 };
    }
    throw new Error(`4200 ${method}`);
  };
}

/** In the page, before its own scripts: what an extension does. */
function announce(all) {
  for (const name of all) {
    const icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/%3E";
    const info = { uuid: `00000000-0000-4000-8000-${name.length.toString().padStart(12, "0")}${name}`, name, icon, rdns: `org.example.${name}` };
    const request = async (call) => {
      const { result, error } = await window.__wallet(name, JSON.parse(JSON.stringify(call)));
      if (error) throw Object.assign(new Error(error), { code: Number(error.slice(0, 4)) || -32603 });
      return result;
    };
    const provider = { request, on: () => undefined, removeListener: () => undefined };
    const detail = Object.freeze({ info: Object.freeze(info), provider });
    const tell = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    window.addEventListener("eip6963:requestProvider", tell);
    tell();
  }
}

const chromium = await browser();

/** A page of a context of its own, and what it can be told. */
async function begun({ node, chainId, wallets }) {
  const context = await chromium.createBrowserContext();
  const page = await context.newPage();
  const [trouble, requests, signed, sent] = [[], [], [], []];
  const answer = answering({ node, chainId, wallets, signed, sent });
  page.setDefaultTimeout(PATIENCE);
  page.on("request", (request) => requests.push({ method: request.method(), url: request.url() }));
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  await page.exposeFunction("__wallet", (name, call) =>
    answer(name, call).then(
      (result) => ({ result }),
      (error) => ({ error: error.shortMessage ?? error.message }),
    ),
  );
  await page.evaluateOnNewDocument(announce, wallets.map(({ name }) => name));
  return { ...commands(page, trouble, { requests, signed, sent }), end: async () => void (await context.close()) };
}

function commands(page, trouble, kept) {
  const named = (name, role) => page.locator(`::-p-aria([name="${name.replaceAll('"', '\\"')}"]${role ? `[role="${role}"]` : ""})`);
  return {
    open: async ({ url }) => void (await page.goto(url, { waitUntil: "load" })),
    press: async ({ name, role }) => void (await named(name, role).click()),
    fill: async ({ name, value, role }) => void (await named(name, role).fill(value)),
    // A browser adds to the name of such a field what was chosen.
    upload: async ({ selector = "input[type=file]", path }) => {
      const handle = await page.locator(selector).waitHandle();
      await handle.uploadFile(path);
    },
    /** Drags a file over an element and lets go there, as a hand with a mouse does. */
    drop: async ({ selector = ".drop", path }) => {
      const handle = await page.locator(selector).waitHandle();
      await handle.scrollIntoView();
      const { x, y } = await handle.clickablePoint();
      const session = await page.createCDPSession();
      const data = { items: [], files: [path], dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver", "drop"]) await session.send("Input.dispatchDragEvent", { type, x, y, data });
      await session.detach();
    },
    key: async ({ keys }) => {
      for (const key of keys) await page.keyboard.press(key);
    },
    /** Goes on with the tab key until what is called so has the focus, which a reader must be able to see. */
    reach: async ({ name }) => {
      const seen = [];
      for (let n = 0; n < 80; n++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const e = document.activeElement;
          const text = e.labels?.[0]?.innerText ?? e.getAttribute("aria-label") ?? e.innerText ?? "";
          return { text: text.trim(), ringed: getComputedStyle(e).outlineStyle !== "none" };
        });
        if (at.text === name) {
          if (!at.ringed) throw new Error("it has the focus, and nobody sees it");
          return;
        }
        seen.push(at.text);
      }
      throw new Error(`not reached: ${JSON.stringify(seen)}`);
    },
    /** The page's text, as soon as all of `texts` are in it. */
    see: async ({ texts }) => {
      const there = (wanted) => wanted.every((text) => document.body.innerText.includes(text));
      try {
        await page.waitForFunction(there, { polling: 50 }, texts);
      } catch {
        const shown = await page.evaluate(() => document.body.innerText);
        throw new Error(`not there: ${JSON.stringify(texts)} in ${shown.slice(0, 4000)}; ${trouble.join("; ")}`);
      }
      return page.evaluate(() => document.body.innerText);
    },
    evaluate: async ({ script }) => page.evaluate(script),
    size: async ({ width, height, scheme }) => {
      await page.setViewport({ width, height });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme ?? "light" }]);
    },
    picture: async ({ path, whole }) => void writeFileSync(path, await page.screenshot({ fullPage: whole ?? true })),
    /** From now on answers of addresses with `part` in them are others: `from` is `to` there, as a liar would have it. */
    lie: async ({ part, from, to }) => {
      await page.setRequestInterception(true);
      page.on("request", async (request) => {
        if (!request.url().includes(part)) return request.continue();
        const told = await (await fetch(request.url())).text();
        return request.respond({ contentType: "application/json", body: told.replaceAll(from, to) });
      });
    },
    /** What a checker of accessibility finds. */
    axe: async () => {
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
    },
    /** Elements that stick out of the window to the right, and by how much the page does. */
    overflow: async () =>
      page.evaluate(() => {
        const wide = document.documentElement.clientWidth;
        const scrolls = (e) => e && e !== document.body && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
        const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > wide + 1 && !scrolls(e.parentElement));
        return out.map((e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 60)}`).slice(0, 10);
      }),
    metrics: async () => page.metrics(),
    facts: async () => ({ trouble, ...kept, browser: await chromium.version() }),
  };
}

const pages = new Map();
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { page, command, ...given } = JSON.parse(line);
  let reply;
  try {
    if (command === "begin") pages.set(page, await begun(given));
    else reply = { result: (await pages.get(page)[command](given)) ?? null };
    if (command === "end") pages.delete(page);
    reply ??= { result: null };
  } catch (error) {
    reply = { error: `${command} ${JSON.stringify(given)}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await chromium.close();
