/** @file Stored zip archives: what is written is read, and damage anywhere is noticed. */
import { describe, expect, it } from "vitest";
import { exchangeGolden } from "../../../tests/support/exchange-file.ts";
import { crc32 } from "./crc32.ts";
import { readStoredZip } from "./zip-read.ts";
import { writeStoredZip } from "./zip-write.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe("crc32", () => {
  it("gives the check value of its definition, and of every length", () => {
    expect(crc32(text("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
    // zlib.crc32(bytes(range(256)))
    expect(crc32(Uint8Array.from({ length: 256 }, (_, i) => i))).toBe(0x29058c73);
  });
});

function names(count: number): (readonly [string, Uint8Array])[] {
  return Array.from({ length: count }, (_, i) => [String.fromCharCode(99 + i), new Uint8Array(90)]);
}

describe("an archive", () => {
  const entries = [
    ["a/data.pkl", text("0123456789")],
    ["a/Bär", new Uint8Array()],
    ["a/data/0", Uint8Array.from({ length: 200 }, (_, i) => i)],
  ] as const;
  const file = writeStoredZip(entries);

  it("gives back what was written, each entry at a multiple of 64 bytes", () => {
    const read = readStoredZip(file);
    expect([...read]).toEqual(entries.map(([name, bytes]) => [name, bytes]));
    for (const bytes of read.values()) expect(bytes.byteOffset % 64).toBe(0);
    expect(writeStoredZip(entries)).toEqual(file);
  });

  it("is read where it lies in a larger buffer, and with a comment behind it", () => {
    const larger = new Uint8Array(file.length + 7 + 3);
    larger.set(file, 7);
    larger[7 + file.length - 2] = 3;
    expect(readStoredZip(larger.subarray(7)).size).toBe(3);
  });

  it("is refused where a byte of an entry has changed", () => {
    for (const at of [64, 70, 128 + 64, 128 + 64 + 199]) {
      const changed = file.slice();
      const place = readStoredZip(file).get(at < 80 ? "a/data.pkl" : "a/data/0")!.byteOffset;
      changed[place + (at < 80 ? at - 64 : at - 192)]! ^= 1;
      expect(() => readStoredZip(changed)).toThrow("checksum");
    }
  });

  it("is refused where it is cut anywhere", () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => readStoredZip(file.subarray(0, length)), `${length} bytes`).toThrow(
        expect.objectContaining({ code: "invalid-input" }),
      );
    }
  });

  it("is refused with an entry inside another", () => {
    const inner = writeStoredZip([["b", new Uint8Array(400)]]).subarray(0, 464);
    const nested = writeStoredZip([
      ["a", inner],
      ["b", new Uint8Array(400)],
    ]);
    const view = new DataView(nested.buffer);
    const directory = view.getUint32(nested.length - 6, true);
    view.setUint32(directory + 47 + 42, 64, true);
    expect(readStoredZip(nested).get("b")!.byteOffset).toBe(128);
    // One that holds all the others makes them more than the file.
    const many = writeStoredZip([["a", inner], ...names(12)]);
    const manyView = new DataView(many.buffer);
    const start = manyView.getUint32(many.length - 6, true);
    manyView.setUint32(start + 24, start - 64, true);
    manyView.setUint32(start + 20, start - 64, true);
    manyView.setUint32(start + 16, crc32(many.subarray(64, start)), true);
    expect(() => readStoredZip(many)).toThrow("overlap");
  });

  it("is refused with two entries of one name, or in one place", () => {
    const one = ["a", text("x")] as const;
    expect(() => readStoredZip(writeStoredZip([one, one]))).toThrow("is in it twice");
    const overlapping = writeStoredZip(names(9));
    const view = new DataView(overlapping.buffer);
    const directory = view.getUint32(overlapping.length - 6, true);
    // Every record of the directory names the first entry, whose own name then differs.
    for (let i = 1; i < 9; i++) view.setUint32(directory + 47 * i + 42, 0, true);
    expect(() => readStoredZip(overlapping)).toThrow("has two names");
  });

  it("is refused where it is compressed, encrypted or says its sizes elsewhere", () => {
    expect(() => readStoredZip(exchangeGolden("deflated.bin"))).toThrow("has compressed entries");
    const directory = new DataView(file.buffer).getUint32(file.length - 6, true);
    const changed = (offset: number, value: number): Uint8Array => {
      const copy = file.slice();
      new DataView(copy.buffer).setUint32(directory + offset, value, true);
      return copy;
    };
    expect(() => readStoredZip(changed(8, 1))).toThrow("is encrypted");
    expect(() => readStoredZip(changed(24, 0xffffffff))).toThrow("larger than 4 GB");
    expect(() => readStoredZip(changed(20, 9))).toThrow("has two sizes");
    expect(() => readStoredZip(changed(42, 1e9))).toThrow("outside the file");
  });
});
