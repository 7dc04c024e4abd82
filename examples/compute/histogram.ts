// How many respondents of each education voted how, shard by shard. A cell with fewer than ten of them is not told, nor
// is the sum from which it could be found.

import { Parts, Records, name, put, putNumbers } from "./datadao";

const EDUCATIONS = 8, VOTES = 2;
const FEWEST: f64 = 10;

export function map(): void {
  const cells = new StaticArray<f64>(EDUCATIONS * VOTES);
  const educ = name("educ"), vote = name("vote");
  const records = new Records();
  while (records.next()) {
    const row = records.number(educ), column = records.number(vote);
    if (row >= 0 && row < EDUCATIONS && column >= 0 && column < VOTES) cells[<i32>row * VOTES + <i32>column]++;
  }
  putNumbers(cells);
}

export function combine(): void {
  const total = new StaticArray<f64>(EDUCATIONS * VOTES), part = new StaticArray<f64>(EDUCATIONS * VOTES);
  const parts = new Parts();
  while (parts.next(part)) for (let i = 0; i < total.length; i++) total[i] += part[i];
  put("educ,vote,respondents\n");
  for (let row = 0; row < EDUCATIONS; row++) {
    for (let column = 0; column < VOTES; column++) {
      const count = total[row * VOTES + column];
      put(`${row},${column},${count < FEWEST ? "fewer than " + (<i32>FEWEST).toString() : (<i64>count).toString()}\n`);
    }
  }
}
