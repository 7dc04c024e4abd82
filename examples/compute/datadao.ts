// What a program is given, for AssemblyScript: the records, one line of canonical JSON each, and a place to write to.

// @ts-ignore: decorator
@external("datadao", "read")
declare function read(pointer: usize, length: usize): i32;

// @ts-ignore: decorator
@external("datadao", "write")
declare function write(pointer: usize, length: usize): void;

// @ts-ignore: decorator
@external("datadao", "rewind")
declare function rewind(): void;

const CHUNK: usize = 65_536;
const LONGEST: usize = 1_048_576 + CHUNK; // a record has at most a mebibyte

/** Records, one after the other. `next` finds one, `number` reads a property of it. */
export class Records {
  private room: usize = heap.alloc(LONGEST);
  private start: usize = this.room;
  private end: usize = this.room;
  private filled: usize = this.room;
  private at: usize = this.room;

  /** Moves to the next record; false after the last one. */
  next(): bool {
    this.start = this.end;
    let seen = this.start;
    while (true) {
      while (seen < this.filled && load<u8>(seen) != 0x0a) seen++;
      if (seen < this.filled) {
        this.end = seen + 1;
        this.at = this.start;
        return true;
      }
      // The beginning of a record goes to the front, and more is read behind it.
      const kept = this.filled - this.start;
      memory.copy(this.room, this.start, kept);
      seen = this.room + kept;
      this.start = this.room;
      this.filled = seen;
      const got = read(seen, CHUNK);
      if (got == 0) return false;
      this.filled += got;
    }
  }

  /** Begins anew before the first record. */
  again(): void {
    rewind();
    this.start = this.end = this.filled = this.room;
  }

  /**
   * A number of the record by its name, which is in ASCII; NaN if there is none. Names stand in sorted order: asked for
   * in this order, all are found in one pass. Exact for up to 15 digits without an exponent.
   */
  number(name: StaticArray<u8>): f64 {
    const found = this.find(name, this.at);
    const place = found ? found : this.find(name, this.start);
    if (!place) return NaN;
    this.at = place;
    return this.parsed(place);
  }

  /** Where the value of a property stands. A quotation mark inside of a text follows a backslash, never these. */
  private find(name: StaticArray<u8>, from: usize): usize {
    const length = <usize>name.length;
    for (let place = from; place + length + 4 < this.end; place++) {
      const before = load<u8>(place);
      if ((before != 0x7b && before != 0x2c) || load<u8>(place + 1) != 0x22) continue;
      const begin = place + 2;
      if (load<u8>(begin + length) != 0x22 || load<u8>(begin + length + 1) != 0x3a) continue;
      if (memory.compare(begin, changetype<usize>(name), length) == 0) return begin + length + 2;
    }
    return 0;
  }

  private parsed(place: usize): f64 {
    let digits: i64 = 0, count = 0, after = 0, point = false;
    const negative = load<u8>(place) == 0x2d;
    for (let at = negative ? place + 1 : place; at < this.end; at++) {
      const byte = load<u8>(at);
      if (byte >= 0x30 && byte <= 0x39) {
        digits = digits * 10 + (byte - 0x30);
        count++;
        if (point) after++;
      } else if (byte == 0x2e && !point) {
        point = true;
      } else {
        // Exact: both are integers below 2**53, and a division is rounded once.
        if (count == 0 || count > 15 || byte == 0x65 || byte == 0x45) return NaN;
        const value = <f64>digits / 10 ** <f64>after;
        return negative ? -value : value;
      }
    }
    return NaN;
  }
}

/** The bytes of a name, for `Records.number`. */
export function name(text: string): StaticArray<u8> {
  const bytes = new StaticArray<u8>(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = <u8>text.charCodeAt(i);
  return bytes;
}

/** Adds a text to the output, in UTF-8. */
export function put(text: string): void {
  const bytes = String.UTF8.encode(text);
  write(changetype<usize>(bytes), bytes.byteLength);
}

/** Adds numbers to the output, eight bytes each. */
export function putNumbers(numbers: StaticArray<f64>): void {
  write(changetype<usize>(numbers), <usize>numbers.length * 8);
}

/** All of what `combine` reads: for each part eight bytes of its length, then the part. */
export class Parts {
  private length: StaticArray<u64> = new StaticArray<u64>(1);

  /** Reads the next part into `numbers`, which has its size; false after the last one. */
  next(numbers: StaticArray<f64>): bool {
    if (read(changetype<usize>(this.length), 8) < 8) return false;
    const size = <usize>numbers.length * 8;
    if (this.length[0] != <u64>size || <usize>read(changetype<usize>(numbers), size) < size) unreachable();
    return true;
  }
}
