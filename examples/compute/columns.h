// Typed columns for programs in C without a library: streams of Arrow IPC, one batch in memory at a time.
// Integers are 64 bits wide, numbers doubles, as the dataset's schema says; what else a record has is passed over.

__attribute__((import_module("datadao"), import_name("read"))) int read(void *into, int length);
__attribute__((import_module("datadao"), import_name("write"))) void write(const void *from, int length);
__attribute__((import_module("datadao"), import_name("rewind"))) void rewind(void);

typedef unsigned char byte;
enum { COLUMNS = 256, MESSAGE = 65536, BATCH = 8 << 20 };
enum { SCHEMA = 1, RECORDS = 3 };

static struct { const byte *name; int length, buffer; } columns[COLUMNS];
static int column_count;
// The schema's message stays, since names are in it.
static byte schema[MESSAGE] __attribute__((aligned(8))), message[MESSAGE] __attribute__((aligned(8)));
static byte batch[BATCH] __attribute__((aligned(8)));
static const byte *buffers;

// Flatbuffers: a table knows by its vtable where its fields are; offsets are from where they stand.

static int word(const byte *at) { int value; __builtin_memcpy(&value, at, 4); return value; }
static long long wide(const byte *at) { long long value; __builtin_memcpy(&value, at, 8); return value; }
static const byte *deref(const byte *at) { return at + word(at); }

static const byte *field(const byte *table, int number) {
    const byte *vtable = table - word(table);
    int place = 4 + 2 * number;
    if (place >= (vtable[0] | vtable[1] << 8)) return 0;
    int offset = vtable[place] | vtable[place + 1] << 8;
    return offset ? table + offset : 0;
}

// How many buffers a column has: by the number of its type in Arrow's Schema.fbs, and those of its children.
static int buffers_of(const byte *column) {
    const byte *type = field(column, 2), *children = field(column, 5);
    int count;
    switch (type ? *type : 0) {
        case 2: case 3: case 6: case 12: count = 2; break; // integers, numbers, booleans, lists
        case 5: count = 3; break; // text
        case 13: count = 1; break; // objects
        default: __builtin_trap();
    }
    if (children) {
        children = deref(children);
        for (int i = 0; i < word(children); i++) count += buffers_of(deref(children + 4 + 4 * i));
    }
    return count;
}

static void fill(void *into, int length, int most) {
    if (length < 0 || length > most || read(into, length) != length) __builtin_trap();
}

/// Moves to the next batch; how many records it has, -1 after the last one.
static int next_batch(void) {
    int head[2];
    for (;;) {
        int got = read(head, 8);
        if (got == 0) return -1;
        if (got != 8) __builtin_trap();
        if (head[1] == 0) continue; // the end of a stream: another may follow
        fill(message, head[1], MESSAGE);
        const byte *root = deref(message), *type = field(root, 1), *length = field(root, 3);
        fill(batch, length ? (int)wide(length) : 0, BATCH);
        if (*type == SCHEMA) {
            __builtin_memcpy(schema, message, MESSAGE);
            const byte *fields = deref(field(deref(field(deref(schema), 2)), 1));
            column_count = word(fields);
            if (column_count > COLUMNS) __builtin_trap();
            for (int i = 0, buffer = 0; i < column_count; i++) {
                const byte *column = deref(fields + 4 + 4 * i), *name = deref(field(column, 0));
                columns[i].name = name + 4;
                columns[i].length = word(name);
                columns[i].buffer = buffer;
                buffer += buffers_of(column);
            }
        } else if (*type == RECORDS) {
            const byte *records = deref(field(root, 2)), *count = field(records, 0);
            buffers = deref(field(records, 2)) + 4;
            return count ? (int)wide(count) : 0;
        }
    }
}

/// The values of a column of this batch, of as many records as it has; those that are missing are 0.
static const void *column(const char *name) {
    for (int i = 0; i < column_count; i++) {
        int at = 0;
        while (at < columns[i].length && name[at] == (char)columns[i].name[at]) at++;
        if (at == columns[i].length && !name[at]) return batch + wide(buffers + 16 * (columns[i].buffer + 1));
    }
    __builtin_trap();
}
