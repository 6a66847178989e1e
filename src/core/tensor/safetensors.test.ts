/** @file safetensors files are read as strictly as the reference does, and written byte for byte as it writes them. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StudioError } from "../errors.ts";
import { byteSize } from "./dtype.ts";
import { fromBytes } from "./nd-array.ts";
import { readSafetensors, type SafetensorsEntry } from "./safetensors.ts";
import { float16Entry, float32Entry, float32Values } from "./safetensors-values.ts";
import { writeSafetensors } from "./safetensors-write.ts";
import { elementCount } from "./shape.ts";

const reference = new Uint8Array(
  readFileSync(new URL("../../../tests/reference/safetensors-order.safetensors", import.meta.url)),
);

/** A file of this header and `bytes` bytes of tensors. */
function fileOf(header: unknown, bytes = 0): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const file = new Uint8Array(8 + text.length + bytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const f32 = (from: number, to: number, shape = [(to - from) / 4]) => ({
  dtype: "F32",
  shape,
  data_offsets: [from, to],
});

describe("against the reference implementation", () => {
  it("reads every element type it writes, whatever the name", () => {
    const { metadata, tensors } = readSafetensors(reference);
    expect([...metadata]).toEqual([["tool", "tools/make_file_goldens.py"]]);
    const values = [...tensors].filter(([name]) => name.startsWith("values_"));
    expect(values.length).toBe(13);
    for (const [name, { dtype, dims, bytes }] of values) {
      expect(`values_${dtype}`).toBe(name);
      const expected = dtype === "bool" ? [0, 1, 1] : [0, 1, 2];
      expect([...fromBytes(dtype, dims, bytes).data]).toEqual(expected);
    }
    const names = ["10", "9", "__proto__", 'a "b"\n\x01\x7f\u2028\\', "\ufb00", "\u{1f9f8}"];
    names.forEach((name, i) => {
      expect([...float32Values(tensors.get(name)!)], name).toEqual([i]);
    });
    expect(tensors.get("empty")?.dims).toEqual([0, 2]);
  });

  it("writes its file byte for byte, in whatever order tensors come", () => {
    const { metadata, tensors } = readSafetensors(reference);
    const backwards = new Map([...tensors].reverse());
    expect(writeSafetensors(backwards, metadata)).toEqual(reference);
  });
});

describe("the writer", () => {
  it("pads the header to 8 bytes and leaves metadata out where there is none", () => {
    expect(writeSafetensors(new Map())).toEqual(fileOf("{}      "));
  });

  it("orders metadata by key", () => {
    const pairs = [
      ["b", "2"],
      ["a", "1"],
      ["10", "0"],
    ] as const;
    const file = writeSafetensors(new Map(), new Map(pairs));
    expect(new TextDecoder().decode(file.subarray(8)).trim()).toBe(
      '{"__metadata__":{"10":"0","a":"1","b":"2"}}',
    );
  });

  it("refuses bytes that do not fill the shape, and the metadata's name", () => {
    const entry = float32Entry([1], new Float32Array(1));
    expect(() => writeSafetensors(new Map([["a", { ...entry, dims: [2] }]]))).toThrow(RangeError);
    expect(() => writeSafetensors(new Map([["__metadata__", entry]]))).toThrow(RangeError);
  });

  it("keeps values: float32 exactly, float16 to nearest even", () => {
    const values = Float32Array.of(0.1, -0, 65504, 1 + 2 ** -11);
    const tensors = new Map([
      ["exact", float32Entry([4], values)],
      ["half", float16Entry([2, 2], values)],
    ]);
    const file = readSafetensors(writeSafetensors(tensors));
    expect(float32Values(file.tensors.get("exact")!)).toEqual(values);
    expect([...float32Values(file.tensors.get("half")!)]).toEqual([0.0999755859375, -0, 65504, 1]);
  });
});

describe("the reader refuses", () => {
  const notUtf8 = fileOf('{"a":"."}');
  notUtf8[8 + 6] = 0xff;
  const entry = (json: string) => `{"a":${json}}`;
  it.each<[string, Uint8Array, string]>([
    ["less than a header's length", new Uint8Array(7), "too short"],
    ["text", new TextEncoder().encode("a text file, by the look of it"), "it has no header"],
    ["a header that is cut short", fileOf({ a: f32(0, 4) }, 4).subarray(0, 20), "cut short"],
    ["tensors that are cut short", fileOf({ a: f32(0, 8) }, 7), "cut short"],
    ["a rest behind the last tensor", fileOf({ a: f32(0, 4) }, 5), "goes on after"],
    ["a gap", fileOf({ a: f32(4, 8) }, 8), "overlap or leave gaps"],
    ["an overlap", fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12), "overlap or leave gaps"],
    ["two tensors in one place", fileOf({ a: f32(0, 4), b: f32(0, 4) }, 4), "overlap"],
    ["a range that runs backwards", fileOf({ a: f32(4, 0, [1]) }, 4), "does not fit its range"],
    ["a shape that does not fit", fileOf({ a: f32(0, 4, [2]) }, 4), "does not fit its range"],
    [
      "a shape whose size wraps around",
      fileOf({ a: f32(0, 0, [2 ** 40, 2 ** 40]) }),
      "does not fit its range",
    ],
    ["negative sizes", fileOf({ a: f32(0, 4, [-1, -1]) }, 4), "no proper shape"],
    ["fractions", fileOf({ a: f32(0, 4, [0.5, 2]) }, 4), "no proper shape"],
    ["three offsets", fileOf({ a: { ...f32(0, 4), data_offsets: [0, 4, 4] } }, 4), "no proper"],
    ["no shape", fileOf({ a: { dtype: "F32", data_offsets: [0, 0] } }), "no proper shape"],
    ["a list", fileOf("[1]"), "not JSON"],
    ["an empty header", fileOf(""), "not JSON"],
    ["half a header", fileOf('{"a":'), "not JSON"],
    ["a byte order mark", fileOf("\ufeff{}"), "not JSON"],
    ["text behind the header", fileOf("{} {}"), "not JSON"],
    ["bytes that are not UTF-8", notUtf8, "not JSON"],
    ["an entry that is a number", fileOf(entry("1")), "is not an object"],
    ["an entry that is null", fileOf(entry("null")), "is not an object"],
    ["no element type", fileOf(entry('{"shape":[],"data_offsets":[0,0]}')), "no element type"],
    ["metadata that is no text", fileOf({ __metadata__: { a: 1 } }), "is not a text"],
    [
      "a tensor given twice",
      fileOf(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(0, 4))}}`, 4),
      "names something twice",
    ],
    ["metadata given twice", fileOf('{"__metadata__":{"a":"1","\\u0061":"2"}}'), "twice"],
    [
      "a prototype in place of an entry",
      fileOf('{"a":{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}}', 4),
      "no element type",
    ],
  ])("%s", (_, file, reason) => {
    expect(() => readSafetensors(file)).toThrow(StudioError);
    expect(() => readSafetensors(file)).toThrow(reason);
    expect(() => readSafetensors(file)).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });

  it.each(["F8_E4M3", "constructor", "__proto__", "f32"])("the element type %s", (dtype) => {
    const file = fileOf(entry(`{"dtype":"${dtype}","shape":[],"data_offsets":[0,4]}`), 4);
    expect(() => readSafetensors(file)).toThrow(
      expect.objectContaining({ code: "model-unsupported" }),
    );
    expect(() => readSafetensors(file)).toThrow(`"${dtype}"`);
  });
});

/** The entries tell no lies: every view is as long as its shape says. */
function isSound(tensors: ReadonlyMap<string, SafetensorsEntry>): boolean {
  return [...tensors.values()].every(
    ({ dtype, dims, bytes }) => bytes.byteLength === elementCount(dims) * byteSize(dtype),
  );
}

/** Reads, or refuses with a StudioError; anything else is thrown. */
function readsOrRefuses(file: Uint8Array): boolean {
  try {
    return isSound(readSafetensors(file).tensors);
  } catch (error) {
    if (error instanceof StudioError) return true;
    throw error;
  }
}

describe("whatever the bytes are, they are read or refused", () => {
  it("noise", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), readsOrRefuses));
  });

  it("any JSON as header", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(16), (json, bytes) => readsOrRefuses(fileOf(json, bytes))),
    );
  });

  it("headers that are almost right", () => {
    const number = fc.oneof(fc.nat(9), fc.constantFrom(-1, 0.5, 2 ** 53, 1e308, "4", null));
    const tensor = fc.record(
      {
        dtype: fc.constantFrom("F32", "F16", "U8", "BOOL", "F8", "toString", 4),
        shape: fc.oneof(fc.array(number, { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.array(number, { maxLength: 3 }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(
      fc.constantFrom("a", "b", "__metadata__", "__proto__", "constructor"),
      fc.oneof(tensor, fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
    );
    fc.assert(
      fc.property(header, fc.nat(16), (json, bytes) => readsOrRefuses(fileOf(json, bytes))),
      { numRuns: 1000 },
    );
  });

  it("deep nesting", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(readsOrRefuses(fileOf(`{"a":${deep}}`))).toBe(true);
  });

  it("the reference file, cut anywhere", () => {
    for (let length = 0; length < reference.length; length++) {
      expect(() => readSafetensors(reference.subarray(0, length)), `${length} bytes`).toThrow(
        StudioError,
      );
    }
  });

  it("the reference file with changed bytes", () => {
    const change = fc.tuple(fc.nat(reference.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const file = reference.slice();
        for (const [at, value] of changes) file[at] = value;
        return readsOrRefuses(file);
      }),
      { numRuns: 2000 },
    );
  });

  it("what the writer writes comes back", () => {
    const names = fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 6 });
    fc.assert(
      fc.property(names, fc.dictionary(fc.string(), fc.string()), (keys, metadata) => {
        const tensors = new Map(
          keys
            .filter((key) => key !== "__metadata__")
            .map((key, i) => [key, float32Entry([i], new Float32Array(i).fill(i + 0.5))]),
        );
        const strings = new Map(Object.entries(metadata));
        const file = readSafetensors(writeSafetensors(tensors, strings));
        expect(new Map([...file.metadata])).toEqual(strings);
        expect(new Set(file.tensors.keys())).toEqual(new Set(tensors.keys()));
        for (const [key, entry] of tensors) {
          expect(float32Values(file.tensors.get(key)!)).toEqual(float32Values(entry));
        }
      }),
    );
  });
});
