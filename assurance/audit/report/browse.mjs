// Opens a page in Chromium as a reader would, takes pictures of it, and prints as JSON what is there and what is wrong.
//
//   node assurance/audit/report/browse.mjs PAGE FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { browser } from "../../harness/browser/launch.mjs";

const VIEWS = [
  { name: "wide", width: 1280, height: 900 },
  { name: "narrow", width: 390, height: 844 },
];
const SCHEMES = ["light", "dark"];
const TALLEST = 6000;

const facts = () => ({
  title: document.title,
  heading: document.querySelector("h1").innerText,
  sections: [...document.querySelectorAll("main > section")].map((section) => ({
    id: section.id,
    title: section.querySelector("h2")?.innerText ?? "",
    letters: section.innerText.length,
    rows: section.querySelectorAll("tbody tr").length,
    notes: [...section.querySelectorAll(".note")].map((note) => note.innerText),
    headings: [...section.querySelectorAll("th")].every((cell) => cell.innerText.trim() || cell.querySelector(".hidden")),
  })),
  dead: [...document.querySelectorAll("a[href^='#']")].map((a) => a.hash).filter((h) => !document.querySelector(h)),
  twice: [...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i),
  points: [...document.querySelectorAll("svg.points .series")].map((p) => p.getAttribute("d").split("M").length - 1),
  drawn: [...document.querySelectorAll("svg")].map((svg) => {
    const { width, height } = svg.getBoundingClientRect();
    return { width, height, labels: [...svg.querySelectorAll(".title")].map((t) => t.textContent) };
  }),
  bars: document.querySelectorAll("svg.bars rect").length,
});

// With everything unfolded.
const overflow = () => {
  const folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
  const wide = document.documentElement.clientWidth;
  const scrolls = (e) => e && e !== document.body && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  const outside = [...document.body.querySelectorAll("*")].filter(
    (e) => e.getBoundingClientRect().right > wide + 1 && !scrolls(e.parentElement) && !e.closest("svg"),
  );
  const found = {
    page: document.documentElement.scrollWidth - wide,
    elements: outside.slice(0, 10).map((e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 60)}`),
  };
  for (const details of folded) details.open = false;
  return found;
};

// Filter and sort by keyboard, as without a mouse.
async function work(page) {
  const found = {};
  const rows = () =>
    page.$$eval("#properties tbody tr", (all) => all.filter((row) => !row.hidden).map((row) => row.id));
  await page.focus("#properties input[type=search]");
  await page.keyboard.type("S-3");
  found.filtered = await rows();
  for (let i = 0; i < 3; i++) await page.keyboard.press("Backspace");
  found.all = await rows();
  await page.focus("#properties thead button");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  found.descending = await rows();
  await page.keyboard.press("Enter");
  found.restored = await rows();
  // A year that was not simulated has no chart.
  if (await page.$(".legend input")) {
    await page.focus(".legend input");
    await page.keyboard.press("Space");
    found.hidden = await page.$$eval("svg.points .off", (paths) => paths.length);
    await page.keyboard.press("Space");
  }
  return found;
}

// Of a picture: how many colours, and how light they are on average, from 0 to 255.
const look = async (encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const light = pixels.reduce((sum, p) => sum + ((p & 255) + ((p >> 8) & 255) + ((p >> 16) & 255)) / 3, 0);
  return { colours: new Set(pixels).size, light: light / pixels.length, width: image.width, height: image.height };
};

async function pictures(page, folder, blank) {
  const found = {};
  await page.evaluate(() => {
    document.activeElement.blur();
    scrollTo({ top: 0, behavior: "instant" });
  });
  for (const { name, width, height } of VIEWS) {
    for (const scheme of SCHEMES) {
      await page.setViewport({ width, height });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      const path = join(folder, `${name}-${scheme}.png`);
      const whole = await page.evaluate(() => document.documentElement.scrollHeight);
      const clip = { x: 0, y: 0, width, height: Math.min(whole, TALLEST) };
      const encoded = await page.screenshot({ clip, encoding: "base64" });
      writeFileSync(path, Buffer.from(encoded, "base64"));
      const charts = await page.$("#year .charts");
      await charts?.screenshot({ path: join(folder, `${name}-${scheme}-charts.png`) });
      found[`${name}-${scheme}`] = { overflow: await page.evaluate(overflow), ...(await blank.evaluate(look, encoded)) };
    }
  }
  return found;
}

async function main([file, folder]) {
  const address = pathToFileURL(resolve(file)).href;
  const chromium = await browser();
  try {
    const page = await chromium.newPage();
    const trouble = [];
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (request.url() === address) return request.continue();
      trouble.push(`request: ${request.url()}`);
      return request.abort();
    });
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) trouble.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
    await page.goto(address, { waitUntil: "load" });
    mkdirSync(folder, { recursive: true });
    const found = { ...(await page.evaluate(facts)), work: await work(page), pictures: await pictures(page, folder, await chromium.newPage()) };
    process.stdout.write(JSON.stringify({ browser: await chromium.version(), trouble, ...found }));
  } finally {
    await chromium.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
