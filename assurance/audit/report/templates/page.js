"use strict";
// Without scripts the page is whole; with them its tables sort and filter, and series of a chart can be hidden.
const collator = new Intl.Collator("en", { numeric: true });
const text = (cell) => cell.dataset.value ?? cell.textContent.trim();
const figure = (value) => Number.parseFloat(value.replace(/[,%$\s]/g, "").replace("–", "-Infinity"));

function compare(a, b) {
  const x = figure(a);
  const y = figure(b);
  return Number.isNaN(x) || Number.isNaN(y) ? collator.compare(a, b) : x - y;
}

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[heading.ariaSort ?? "none"];
      for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
      heading.ariaSort = next;
      const rows = [...original];
      if (next !== "none") rows.sort((a, b) => compare(text(a.cells[column]), text(b.cells[column])));
      if (next === "descending") rows.reverse();
      body.append(...rows);
    });
  });
}

for (const table of document.querySelectorAll("table.filterable")) {
  const rows = [...table.tBodies[0].rows];
  const label = document.createElement("label");
  label.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter these rows";
  input.setAttribute("aria-label", "Filter these rows");
  const count = document.createElement("output");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const content = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => content.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length}`;
  };
  input.addEventListener("input", show);
  label.append(input, count);
  (table.closest(".scroll") ?? table).before(label);
  show();
}

for (const box of document.querySelectorAll("[data-shows]")) {
  box.addEventListener("change", () => {
    for (const path of box.closest("figure").querySelectorAll("[data-series]")) {
      if (path.dataset.series === box.dataset.shows) path.classList.toggle("off", !box.checked);
    }
  });
}

// A link to a row that a filter hides, and everything folded away, must be there in the end.
addEventListener("hashchange", () => {
  const row = document.getElementById(location.hash.slice(1));
  if (row) row.hidden = false;
});
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
