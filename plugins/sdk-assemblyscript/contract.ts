// The contract's imports, and the memory that goes over it.

// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "rows")
export declare function rows(): u32;
// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "bound")
export declare function bound(input: u32, result: usize): void;
// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "name")
export declare function name(column: u32, result: usize): void;
// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "kind")
export declare function kind(column: u32, result: usize): void;
// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "bytes")
export declare function bytes(column: u32, result: usize): void;
// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "labels")
export declare function labels(column: u32, start: u32, result: usize): void;
// @ts-ignore: decorator
@external("driftline:metric/columns@0.1.1", "validity")
export declare function validity(column: u32, result: usize): void;
// @ts-ignore: decorator
@external("driftline:metric/log@0.1.1", "write")
export declare function write(level: u32, at: usize, size: u32): void;
// @ts-ignore: decorator
@external("[export]driftline:metric/metric@0.1.1", "[resource-new]accumulator")
export declare function newHandle(representation: u32): u32;

/** Where imports write what they give: a list or string as address and size, an option before it. */
export const fetched: usize = memory.data(16, 8);

/** Where exports leave what they give. */
export const returned: usize = memory.data(24, 8);

/** Objects that the runtime knows by address only; the collector runs between calls, so until then nothing is lost. */
const kept: Array<ArrayBuffer> = [];

let allocated: u32 = 0;
const COLLECT_EVERY: u32 = 8 << 20;

/** Where the runtime puts arguments and the results of imports: each becomes a buffer of its own. */
export function cabi_realloc(old: usize, oldSize: u32, align: u32, size: u32): usize {
  const buffer = new ArrayBuffer(<i32>size);
  if (oldSize) memory.copy(changetype<usize>(buffer), old, min(oldSize, size));
  allocated += size;
  return changetype<usize>(buffer);
}

/** The bytes at an address that {@link cabi_realloc} gave. */
export function bufferAt(at: usize, size: u32): ArrayBuffer {
  return size ? changetype<ArrayBuffer>(at) : new ArrayBuffer(0);
}

/** The list or string that an import gave. */
export function fetchedBuffer(offset: usize = 0): ArrayBuffer {
  return bufferAt(load<usize>(fetched + offset), load<u32>(fetched + offset, 4));
}

export function fetchedText(): string {
  return textAt(load<usize>(fetched), load<u32>(fetched, 4));
}

export function textAt(at: usize, size: u32): string {
  return String.UTF8.decodeUnsafe(at, size);
}

/** Writes the address and size of a list whose elements lie in a buffer. */
export function storeList(to: usize, buffer: ArrayBuffer, size: u32): void {
  kept.push(buffer);
  store<usize>(to, changetype<usize>(buffer));
  store<u32>(to, size, 4);
}

export function storeText(to: usize, text: string): void {
  const buffer = String.UTF8.encode(text);
  storeList(to, buffer, buffer.byteLength);
}

/** The runtime has read what a function gave. */
export function after(read: usize): void {
  kept.length = 0;
  if (allocated > COLLECT_EVERY) {
    allocated = 0;
    __collect();
  }
}
