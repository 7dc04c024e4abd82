// Trains a classifier of `vote` on the demo's survey and tests it on a held-out quarter: logistic regression with
// standardised answers and a penalty of half the squared weights, as scikit-learn's with C = 1, by Newton's method.
// Comes out: the weights, the intercept, and how many of the held-out respondents it names rightly.

import { Records, name, put } from "./datadao";

const ANSWERS = ["ClinLR", "DoleLR", "PID", "TVnews", "age", "educ", "income", "popul", "selfLR"];
const N = 9;
const SIZE = N + 1; // with the intercept
const HELD_OUT = 4; // every fourth respondent, by its number
const STEPS = 30;
const CLOSE = 1e-10;

const names = new Array<StaticArray<u8>>();
const rows = new Array<StaticArray<f64>>();
const labels = new Array<f64>();
const seen = new Array<bool>();

function load_(): void {
  for (let i = 0; i < N; i++) names.push(name(ANSWERS[i]));
  const respondent = name("respondent"), vote = name("vote");
  const records = new Records();
  while (records.next()) {
    const row = new StaticArray<f64>(SIZE);
    for (let i = 0; i < 8; i++) row[i] = records.number(names[i]);
    seen.push(<i64>records.number(respondent) % HELD_OUT != HELD_OUT - 1);
    row[8] = records.number(names[8]);
    row[N] = 1;
    rows.push(row);
    labels.push(records.number(vote));
  }
}

/** By mean and deviation of the respondents that are learned from. */
function standardise(): void {
  for (let j = 0; j < N; j++) {
    let count: f64 = 0, sum: f64 = 0, squares: f64 = 0;
    for (let i = 0; i < rows.length; i++) if (seen[i]) { count++; sum += rows[i][j]; }
    const mean = sum / count;
    for (let i = 0; i < rows.length; i++) if (seen[i]) squares += (rows[i][j] - mean) ** 2;
    const deviation = squares > 0 ? sqrt(squares / count) : 1;
    for (let i = 0; i < rows.length; i++) rows[i][j] = (rows[i][j] - mean) / deviation;
  }
}

function score(weights: StaticArray<f64>, row: StaticArray<f64>): f64 {
  let sum: f64 = 0;
  for (let j = 0; j < SIZE; j++) sum += weights[j] * row[j];
  return sum;
}

/** One step of Newton's method; the largest change of a weight. */
function step(weights: StaticArray<f64>): f64 {
  const gradient = new StaticArray<f64>(SIZE), hessian = new StaticArray<f64>(SIZE * SIZE);
  for (let j = 0; j < N; j++) {
    gradient[j] = weights[j];
    hessian[j * SIZE + j] = 1;
  }
  for (let i = 0; i < rows.length; i++) {
    if (!seen[i]) continue;
    const row = rows[i], p = 1 / (1 + Math.exp(-score(weights, row))), slope = p * (1 - p);
    for (let j = 0; j < SIZE; j++) {
      gradient[j] += (p - labels[i]) * row[j];
      for (let k = 0; k < SIZE; k++) hessian[j * SIZE + k] += slope * row[j] * row[k];
    }
  }
  solve(hessian, gradient);
  let change: f64 = 0;
  for (let j = 0; j < SIZE; j++) {
    weights[j] -= gradient[j];
    change = max(change, abs(gradient[j]));
  }
  return change;
}

/** Gauss's elimination with pivots; the solution takes the place of `right`. */
function solve(matrix: StaticArray<f64>, right: StaticArray<f64>): void {
  for (let c = 0; c < SIZE; c++) {
    let pivot = c;
    for (let r = c + 1; r < SIZE; r++) if (abs(matrix[r * SIZE + c]) > abs(matrix[pivot * SIZE + c])) pivot = r;
    for (let k = 0; k < SIZE; k++) {
      const kept = matrix[c * SIZE + k];
      matrix[c * SIZE + k] = matrix[pivot * SIZE + k];
      matrix[pivot * SIZE + k] = kept;
    }
    const kept = right[c];
    right[c] = right[pivot];
    right[pivot] = kept;
    for (let r = 0; r < SIZE; r++) {
      if (r == c) continue;
      const factor = matrix[r * SIZE + c] / matrix[c * SIZE + c];
      for (let k = c; k < SIZE; k++) matrix[r * SIZE + k] -= factor * matrix[c * SIZE + k];
      right[r] -= factor * right[c];
    }
  }
  for (let c = 0; c < SIZE; c++) right[c] /= matrix[c * SIZE + c];
}

export function run(): void {
  load_();
  standardise();
  const weights = new StaticArray<f64>(SIZE);
  for (let i = 0; i < STEPS && step(weights) > CLOSE; i++) {}
  let trained = 0, tested = 0, right = 0;
  for (let i = 0; i < rows.length; i++) {
    if (seen[i]) trained++;
    else {
      tested++;
      if ((score(weights, rows[i]) > 0) == (labels[i] > 0)) right++;
    }
  }
  put(`{"trainedOn":${trained},"testedOn":${tested},"right":${right},"intercept":${weights[N]},"weights":{`);
  for (let j = 0; j < N; j++) put(`${j ? "," : ""}"${ANSWERS[j]}":${weights[j]}`);
  put("}}\n");
}
