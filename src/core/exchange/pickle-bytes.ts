/** @file A cursor over the bytes of a pickle: the forms in which instructions have their numbers and texts. */
import { damagedFile, refusal } from "./refuse.ts";

export class PickleBytes {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.view.getUint8(this.step(1));
  }

  u16(): number {
    return this.view.getUint16(this.step(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.step(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.step(4), true);
  }

  /** A length of 8 bytes. */
  u64(): number {
    const value = this.view.getBigUint64(this.step(8), true);
    if (value > this.bytes.byteLength) throw cutShort();
    return Number(value);
  }

  /** Big-endian, as only Python's floats are. */
  f64(): number {
    return this.view.getFloat64(this.step(8));
  }

  /** A two's complement number of `length` bytes; more than 2^53 stands in no file of weights. */
  long(length: number): number {
    const from = this.step(length);
    if (length > 8) throw tooLarge();
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]!);
    return exact(BigInt.asIntN(8 * length, value));
  }

  text(length: number): string {
    const from = this.step(length);
    return decode(this.bytes.subarray(from, from + length));
  }

  /** The text up to the end of the line, which is skipped. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end === -1) throw cutShort();
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  /** Of the next `length` bytes. */
  private step(length: number): number {
    const from = this.at;
    if (length > this.bytes.byteLength - from) throw cutShort();
    this.at += length;
    return from;
  }
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw tooLarge();
  return number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw damagedFile("one of its names is not text");
  }
}

function cutShort() {
  return damagedFile("its list of contents is cut short");
}

function tooLarge() {
  return refusal(
    "This file is not opened: it has a whole number of more than 53 bits, which a file of weights has no use for.",
  );
}
