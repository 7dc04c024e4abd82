// Count, mean and standard deviation of the respondents' ages, in one pass, in C without a library.
// Comes out: three doubles, eight bytes each.

__attribute__((import_module("datadao"), import_name("read"))) int read(void *into, int length);
__attribute__((import_module("datadao"), import_name("write"))) void write(const void *from, int length);

static const char name[] = "\"age\":";
static char chunk[65536];

// Sees one byte after the other: how much of the name it has read, or the digits behind it.
static int matched, inside, before;
static double value, result[3], squares;

static void add(double x) {
    result[0] += 1;
    double difference = x - result[1];
    result[1] += difference / result[0];
    squares += difference * (x - result[1]);
}

static void see(char c) {
    if (inside) {
        if (c >= '0' && c <= '9') {
            value = value * 10 + (c - '0');
            before = c;
            return;
        }
        add(value);
        inside = matched = 0;
    }
    // A name begins behind a brace or a comma; a quotation mark inside of a text follows a backslash.
    if (matched == 0 ? c == '"' && (before == '{' || before == ',') : c == name[matched]) {
        if (++matched == sizeof name - 1) {
            inside = 1;
            value = 0;
        }
    } else
        matched = 0;
    before = c;
}

__attribute__((export_name("run"))) void run(void) {
    int got;
    while ((got = read(chunk, sizeof chunk)))
        for (int i = 0; i < got; i++) see(chunk[i]);
    result[2] = __builtin_sqrt(squares / result[0]);
    write(result, sizeof result);
}
