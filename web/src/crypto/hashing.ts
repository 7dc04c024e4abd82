// sha256 of what is encrypted, by a thread of its own (../hasher.ts) beside the cipher's.

/** The first `bytes` of a buffer, which goes to the thread and comes back: no memory is taken anew for it. */
export interface Lot {
  readonly buffer: ArrayBuffer;
  readonly bytes: number;
}

/** Hashes chunks in the order given, in lots of `size` bytes; nothing of it fails, as a blob can be hashed later. */
export class Hashing {
  private worker: Worker | undefined;
  private lot: Uint8Array;
  private filled = 0;
  private other: Promise<ArrayBuffer | Uint8Array | undefined>;
  private answered: (answer?: ArrayBuffer | Uint8Array) => void = () => undefined;

  /** `script` is where the thread's code is; without it, or where no thread can be had, nothing is hashed. */
  constructor(size: number, script?: string) {
    this.lot = new Uint8Array(script ? size : 0);
    this.other = Promise.resolve(new ArrayBuffer(script ? size : 0));
    if (!script) return;
    try {
      this.worker = new Worker(script, { type: "module" });
    } catch {
      return; // The page lies where a browser lets it have none.
    }
    this.worker.onmessage = ({ data }: MessageEvent<ArrayBuffer | Uint8Array>) => this.answered(data);
    // Also before anything was asked, as where the script is missing.
    this.worker.onerror = () => this.close();
  }

  async add(chunk: Uint8Array): Promise<void> {
    while (this.worker && chunk.length > 0) {
      const part = chunk.subarray(0, this.lot.length - this.filled);
      this.lot.set(part, this.filled);
      this.filled += part.length;
      chunk = chunk.subarray(part.length);
      if (this.filled === this.lot.length) await this.pass();
    }
  }

  /** The hash of all chunks; nothing if some were not hashed. */
  async end(): Promise<Uint8Array | undefined> {
    await this.pass();
    await this.other;
    const digest = await this.ask(null, []);
    this.close();
    return digest instanceof Uint8Array ? digest : undefined;
  }

  close(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.answered();
  }

  /** The lot goes to the thread, as soon as it is done with the one before. */
  private async pass(): Promise<void> {
    const free = await this.other;
    if (!(free instanceof ArrayBuffer)) return this.close();
    const { buffer } = this.lot;
    this.other = this.ask({ buffer: buffer as ArrayBuffer, bytes: this.filled }, [buffer as ArrayBuffer]);
    [this.lot, this.filled] = [new Uint8Array(free), 0];
  }

  private ask(lot: Lot | null, given: Transferable[]): Promise<ArrayBuffer | Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.answered = resolve;
      if (this.worker) this.worker.postMessage(lot, given);
      else resolve(undefined);
    });
  }
}
