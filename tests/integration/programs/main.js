// node main.js PROGRAM GIVEN: runs the program's `main` with JSON, prints what it returns as JSON, integers as text.
const [name, given] = process.argv.slice(2);
const { main } = await import(`./${name}.js`);
const told = await main(JSON.parse(given));
// viem has numbers for up to 48 bits, ethers has none.
const numeric = (value) => typeof value === "bigint" || typeof value === "number";
console.log(JSON.stringify(told, (_, value) => (numeric(value) ? value.toString() : value)));
process.exit(0);
