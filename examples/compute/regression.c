// The classifier of classifier.ts over typed columns, in C without a library. It parses no text, and reads the records
// anew for each step, so that its memory does not grow with them.
// Comes out, as doubles of eight bytes: respondents learned from, tested, told rightly; the intercept; nine weights.

#include "columns.h"

enum { N = 9, SIZE = N + 1, HELD_OUT = 4, STEPS = 30 };
static const char *const ANSWERS[N] = {"ClinLR", "DoleLR", "PID", "TVnews", "age", "educ", "income", "popul", "selfLR"};
static const double CLOSE = 1e-10;

static const long long *answers[N], *respondents, *votes;
static double means[N], deviations[N], weights[SIZE], gradient[SIZE], hessian[SIZE][SIZE], result[3 + SIZE];

static int next_rows(void) {
    int rows = next_batch();
    if (rows > 0) {
        for (int j = 0; j < N; j++) answers[j] = column(ANSWERS[j]);
        respondents = column("respondent");
        votes = column("vote");
    }
    return rows;
}

static int seen(int row) { return respondents[row] % HELD_OUT != HELD_OUT - 1; }

// e**x: a power of two times a series over at most half of ln 2.
static double exponential(double x) {
    if (x > 700) x = 700;
    if (x < -700) x = -700;
    long long power = (long long)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double rest = x - power * 0.6931471803691238 - power * 1.9082149292705877e-10, sum = 1;
    for (int k = 13; k > 0; k--) sum = 1 + rest * sum / k;
    union { long long bits; double value; } scale = {(power + 1023) << 52};
    return sum * scale.value;
}

static void standardise(void) {
    double count = 0;
    for (int rows; (rows = next_rows()) >= 0;)
        for (int i = 0; i < rows; i++) {
            if (!seen(i)) continue;
            count++;
            for (int j = 0; j < N; j++) means[j] += answers[j][i];
        }
    for (int j = 0; j < N; j++) means[j] /= count;
    rewind();
    for (int rows; (rows = next_rows()) >= 0;)
        for (int i = 0; i < rows; i++) {
            if (!seen(i)) continue;
            for (int j = 0; j < N; j++) deviations[j] += (answers[j][i] - means[j]) * (answers[j][i] - means[j]);
        }
    for (int j = 0; j < N; j++) deviations[j] = deviations[j] > 0 ? __builtin_sqrt(deviations[j] / count) : 1;
    rewind();
}

static double score(int row, double *values) {
    double sum = weights[N];
    for (int j = 0; j < N; j++) {
        values[j] = (answers[j][row] - means[j]) / deviations[j];
        sum += weights[j] * values[j];
    }
    return sum;
}

static void learn(int row) {
    double values[SIZE];
    values[N] = 1;
    double p = 1 / (1 + exponential(-score(row, values))), slope = p * (1 - p);
    for (int j = 0; j < SIZE; j++) {
        gradient[j] += (p - votes[row]) * values[j];
        for (int k = 0; k < SIZE; k++) hessian[j][k] += slope * values[j] * values[k];
    }
}

// Gauss's elimination with pivots; the solution takes the place of the gradient.
static void solve(void) {
    for (int c = 0; c < SIZE; c++) {
        int pivot = c;
        for (int r = c + 1; r < SIZE; r++)
            if (__builtin_fabs(hessian[r][c]) > __builtin_fabs(hessian[pivot][c])) pivot = r;
        for (int k = 0; k < SIZE; k++) {
            double kept = hessian[c][k];
            hessian[c][k] = hessian[pivot][k];
            hessian[pivot][k] = kept;
        }
        double kept = gradient[c];
        gradient[c] = gradient[pivot];
        gradient[pivot] = kept;
        for (int r = 0; r < SIZE; r++) {
            if (r == c) continue;
            double factor = hessian[r][c] / hessian[c][c];
            for (int k = c; k < SIZE; k++) hessian[r][k] -= factor * hessian[c][k];
            gradient[r] -= factor * gradient[c];
        }
    }
    for (int c = 0; c < SIZE; c++) gradient[c] /= hessian[c][c];
}

static double step(void) {
    for (int j = 0; j < SIZE; j++) {
        gradient[j] = j < N ? weights[j] : 0;
        for (int k = 0; k < SIZE; k++) hessian[j][k] = j == k && j < N;
    }
    for (int rows; (rows = next_rows()) >= 0;)
        for (int i = 0; i < rows; i++)
            if (seen(i)) learn(i);
    rewind();
    solve();
    double change = 0;
    for (int j = 0; j < SIZE; j++) {
        weights[j] -= gradient[j];
        if (__builtin_fabs(gradient[j]) > change) change = __builtin_fabs(gradient[j]);
    }
    return change;
}

__attribute__((export_name("run_columns"))) void run_columns(void) {
    standardise();
    for (int i = 0; i < STEPS && step() > CLOSE; i++) {}
    for (int rows; (rows = next_rows()) >= 0;)
        for (int i = 0; i < rows; i++) {
            double values[SIZE];
            result[seen(i) ? 0 : 1]++;
            if (!seen(i)) result[2] += (score(i, values) > 0) == (votes[i] > 0);
        }
    result[3] = weights[N];
    for (int j = 0; j < N; j++) result[4 + j] = weights[j];
    write(result, sizeof result);
}
