// Saved states.

import { Failure, fail } from "./failure";

/** A state being saved. */
export class Saved {
  bytes: Array<u8> = [];

  number(number: f64): void {
    this.word(reinterpret<u64>(number), 8);
  }

  text(text: string): void {
    const bytes = Uint8Array.wrap(String.UTF8.encode(text));
    this.word(bytes.length, 4);
    for (let i = 0; i < bytes.length; i++) this.bytes.push(bytes[i]);
  }

  private word(word: u64, size: i32): void {
    for (let i = 0; i < size; i++) this.bytes.push(<u8>(word >> (8 * i)));
  }
}

/** A saved state, read in the order it was written. */
export class Loaded {
  private isEarly: bool = false;

  constructor(
    private at: usize,
    private left: usize,
  ) {}

  get isEmpty(): bool {
    return this.left == 0 || this.isEarly;
  }

  number(): f64 {
    const at = this.take(8);
    return at ? load<f64>(at) : NaN;
  }

  text(): string {
    const size = this.take(4);
    if (!size) return "";
    const bytes = load<u32>(size);
    const at = this.take(bytes);
    return at ? String.UTF8.decodeUnsafe(at, bytes) : "";
  }

  /** To be asked in the end: false, with a failure, when something was missing. */
  finish(): bool {
    if (!this.isEarly) return true;
    return fail(Failure.InvalidData, "the saved state ends early: it was not made by this plugin");
  }

  private take(size: usize): usize {
    if (this.left < size) {
      this.isEarly = true;
      return 0;
    }
    const at = this.at;
    this.at += size;
    this.left -= size;
    return at;
  }
}
