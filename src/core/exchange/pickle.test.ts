/** @file The pickle machine builds plain data only: whatever else is asked for is named, and not run. */
import { describe, expect, it } from "vitest";
import { exchangeGolden } from "../../../tests/support/exchange-file.ts";
import { readPickle } from "./pickle-read.ts";
import type { PickleDict, PickleValue } from "./pickle-values.ts";
import { writePickle } from "./pickle-write.ts";
import { isTensor, type SourceTensor, ValueReader } from "./source-tensor.ts";
import { readTorchArchive } from "./torch-archive.ts";
import { writeTorchArchive } from "./torch-archive-write.ts";
import { writeStoredZip } from "./zip-write.ts";

/** A pickle of instructions given as bytes and ASCII texts. */
function pickle(...parts: readonly (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : Array.from(part, (c) => c.charCodeAt(0)),
    ),
  );
}

const read = (...parts: readonly (number | string)[]): PickleValue =>
  readPickle(pickle(0x80, 2, ...parts, "."), () => undefined);

describe("plain data", () => {
  it("of every framing and number", () => {
    const numbers = read("](", "K", 7, "M", 1, 2, "J", 0xff, 0xff, 0xff, 0xff, "e");
    expect(numbers).toEqual([7, 513, -1]);
    expect(read(0x8a, 0)).toBe(0);
    expect(read(0x8a, 2, 0, 0xff)).toBe(-256);
    expect(read(0x8b, 1, 0, 0, 0, 5)).toBe(5);
    expect(read("G", 0x40, 4, 0, 0, 0, 0, 0, 0)).toBe(2.5);
    expect(read(0x95, 0, 0, 0, 0, 0, 0, 0, 0, "N")).toBe(null);
    expect(read(0x8c, 1, "x")).toBe("x");
    expect(read(0x8d, 1, 0, 0, 0, 0, 0, 0, 0, "x")).toBe("x");
    expect(read(0x8c, 1, "a", 0x94, "0h", 0)).toBe("a");
    expect(read("}", 0x8c, 1, "a", 0x88, "s")).toEqual(new Map([["a", true]]));
  });

  it("has no prototype to reach", () => {
    const dict = read("}", 0x8c, 9, "__proto__", "}", 0x8c, 1, "x", "K", 1, "ss") as PickleDict;
    expect([...dict.keys()]).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("may contain itself", () => {
    const list = read("]q", 0, "h", 0, "a") as PickleValue[];
    expect(list[0]).toBe(list);
  });
});

describe("what is not run", () => {
  it.each<[string, readonly (number | string)[], string]>([
    ["os.system", ["cos\nsystem\n(", 0x8c, 2, "ls", "tR"], '"os.system"'],
    ["builtins.eval", ["cbuiltins\neval\n(", 0x8c, 1, "1", "tR"], '"builtins.eval"'],
    ["a name on the stack", [0x8c, 2, "os", 0x8c, 6, "system", 0x93], '"os.system"'],
    ["an instance", ["(ios\nsystem\n"], '"os.system"'],
    ["an instance of what is allowed", ["(icollections\nOrderedDict\n"], "0x69"],
    [
      "another of torch's functions",
      ["ctorch.serialization\nload\n"],
      '"torch.serialization.load"',
    ],
    ["a name of every object", ["c__proto__\nx\n"], '"__proto__.x"'],
    ["toString", ["cconstructor\n\n"], '"constructor."'],
    ["an extension", [0x82, 1], "0x82"],
    ["a new object", ["}", ")", 0x81], "0x81"],
    ["a keyword object", ["}", 0x92], "0x92"],
    ["a persistent text", ["Pstorage\n"], "0x50"],
    ["an object of the stack", ["(}o"], "0x6f"],
    ["bytes", ["C", 1, 0], "0x43"],
    ["a buffer", [0x97], "0x97"],
    ["a set", [0x8f], "0x8f"],
    ["protocol 6", [0x80, 6], "0x80"],
    ["attributes of a list", ["]}b"], "0x62"],
    ["attributes that are no dictionary", ["}]b"], "0x62"],
  ])("%s", (_, parts, name) => {
    expect(() => read(...parts)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(() => read(...parts)).toThrow(name);
    expect(() => read(...parts)).toThrow("it was not run");
  });

  it.each<[string, readonly (number | string)[], string]>([
    ["a call of a list", ["])R"], "a list is called"],
    ["a call of a storage type", ["ctorch\nFloatStorage\n)R"], "a storage-type is called"],
    ["a call without arguments", ["ccollections\nOrderedDict\nNR"], "expected"],
    ["an OrderedDict of items", ["ccollections\nOrderedDict\n]", 0x85, "R"], "other things"],
    ["a tensor of nothing", ["ctorch._utils\n_rebuild_tensor_v2\n)R"], "made of nothing"],
    ["a parameter of nothing", ["ctorch._utils\n_rebuild_parameter\n)R"], "is nothing"],
    ["an empty stack", ["0"], "not there"],
    ["a mark that is missing", ["Nt"], "not there"],
    ["an item below the mark", ["NN(0"], "not there"],
    ["a memo that is missing", ["h", 3], "has not"],
    ["a rest", ["NN"], "loose ends"],
    ["an odd number of items", ["}(Nu"], "without a value"],
    ["a list as key", ["}(]Nu"], "a list as a key"],
    ["items of a tuple", [")NNs"], "is given items"],
    ["a tuple that grows", [")Na"], "appended"],
    ["a persistent id that is a text", [0x8c, 7, "storage", "Q"], "expected"],
    ["a huge number", [0x8a, 255, "x".repeat(255)], "53 bits"],
    ["a zero of nine bytes", [0x8a, 9, "\0".repeat(9)], "53 bits"],
    ["a number of 60 bits", [0x8a, 8, 1, 1, 1, 1, 1, 1, 1, 1], "53 bits"],
    ["a number that is cut short", [0x8b, 0xff, 0xff, 0xff, 0x7f, 1], "cut short"],
    ["a text that is cut short", ["X", 0xff, 0xff, 0xff, 0xff], "cut short"],
    ["a text longer than any file", [0x8d, "\xff".repeat(8)], "cut short"],
    ["a line without end", ["cos"], "cut short"],
    ["a text that is none", [0x8c, 1, 0xff], "not text"],
  ])("%s", (_, parts, reason) => {
    expect(() => read(...parts)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(() => read(...parts)).toThrow(reason);
  });

  it("more than any model has", () => {
    expect(() => readPickle(new Uint8Array(2 ** 20 + 1), () => undefined)).toThrow("longer than");
    expect(() => read("}".repeat(100_001))).toThrow("longer than");
  });

  it("nested as deep as may be, in no time", () => {
    const depth = 99_000;
    expect(Array.isArray(read("]".repeat(depth), "a".repeat(depth - 1)))).toBe(true);
  });

  it("a memo bomb stays as small as it is written", () => {
    // Each list holds the one before it ten times: 10^60 leaves for whatever walks them.
    const levels = Array.from({ length: 60 }, (_, i) => {
      const ten = Array.from({ length: 10 }, () => ["h", i]).flat();
      return ["](", ...ten, "eq", i + 1, "0"];
    });
    const bomb = read("]q", 0, "0", ...levels.flat(), "h", 60) as PickleValue[];
    expect(bomb.length).toBe(10);
    expect(bomb[0]).toBe(bomb[9]);
  });
});

describe("an archive of torch's", () => {
  const root = readTorchArchive(exchangeGolden("kinds.pt")) as PickleDict;
  const values = (name: string): number[] => {
    const tensor = root.get(name)!;
    expect(isTensor(tensor)).toBe(true);
    return [...new ValueReader(1000).values(name, tensor as SourceTensor)];
  };

  it.each([
    ["transposed", [0, 3, 1, 4, 2, 5]],
    ["column", [1, 4]],
    ["half", [0, 1, 2, 3, 4, 5]],
    ["brain", [0, 1, 2, 3, 4, 5]],
    ["double", [0, 1, 2, 3, 4, 5]],
    ["parameter", [0, 1, 2, 3, 4, 5]],
    ["integer", [7]],
    ["nothing", []],
  ])("has %s", (name, expected) => {
    expect(values(name)).toEqual(expected);
  });

  it("has lists, tuples and texts", () => {
    expect(root.get("plain")).toEqual(
      new Map<string, unknown>([
        ["list", [1, 2.5, null, true]],
        ["tuple", { kind: "tuple", items: [1, -2, 2 ** 40] }],
        ["text", "Bär 🧸"],
      ]),
    );
  });

  it("that holds a whole module is refused by its name", () => {
    expect(() => readTorchArchive(exchangeGolden("module.pt"))).toThrow(
      '"torch.nn.modules.linear.Linear"',
    );
  });

  const empty = pickle(0x80, 2, "}.");
  const little = pickle("little");
  it.each<[string, readonly (readonly [string, Uint8Array])[], string]>([
    ["no pickle", [["x/y", empty]], "it has no data.pkl"],
    ["a pickle further down", [["x/y/data.pkl", empty]], "it has no data.pkl"],
    [
      "two pickles",
      [
        ["x/data.pkl", empty],
        ["y/data.pkl", empty],
      ],
      "it has more than one",
    ],
    [
      "a program",
      [
        ["x/data.pkl", empty],
        ["x/constants.pkl", empty],
      ],
      "TorchScript",
    ],
    [
      "the other order of bytes",
      [
        ["x/data.pkl", empty],
        ["x/byteorder", pickle("big")],
      ],
      "big-endian",
    ],
  ])("with %s is refused", (_, entries, reason) => {
    expect(() => readTorchArchive(writeStoredZip(entries))).toThrow(reason);
  });

  it("may have any folder, and say its order of bytes", () => {
    const entries = [
      ["any name/data.pkl", empty],
      ["any name/byteorder", little],
    ] as const;
    expect(readTorchArchive(writeStoredZip(entries))).toEqual(new Map());
  });

  it("from before torch 1.6 is refused", () => {
    const legacy = pickle(0x80, 2, 0x8a, 10, "l\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    expect(() => readTorchArchive(legacy)).toThrow("before torch 1.6");
  });
});

describe("tensors that are larger than what is stored of them", () => {
  /** An archive of one tensor whose sizes, strides and offset are these. */
  function read2d(
    dims: readonly number[],
    strides: readonly number[],
    offset = 0,
    stored = 24,
  ): PickleValue {
    const tuple = (counts: readonly number[]) => ["(", ...counts.flatMap((n) => ["K", n]), "t"];
    const storage = ["(", 0x8c, 7, "storage", "ctorch\nFloatStorage\n", 0x8c, 1, "0"];
    const bytes = pickle(
      ...[0x80, 2, "ctorch._utils\n_rebuild_tensor_v2\n((", ...storage.slice(1)],
      ...[0x8c, 3, "cpu", "K", 6, "tQ", "K", offset, ...tuple(dims), ...tuple(strides)],
      ...[0x89, "}", "tR."],
    );
    return readPickle(bytes, (key) => (key === "0" ? new Uint8Array(stored) : undefined));
  }

  it.each<[string, readonly number[], readonly number[], number]>([
    ["expanded", [3, 3], [0, 0], 0],
    ["beyond the end", [2, 3], [3, 1], 1],
    ["strided beyond the end", [2, 2], [5, 1], 0],
    ["huge", [255, 255, 255, 255, 255, 255, 255, 255], [0, 0, 0, 0, 0, 0, 0, 0], 0],
    ["of nine axes", Array.from({ length: 9 }, () => 1), Array.from({ length: 9 }, () => 1), 0],
    ["of other strides", [2, 3], [1], 0],
  ])("%s", (_, dims, strides, offset) => {
    expect(() => read2d(dims, strides, offset)).toThrow(/tensor (of|lies|has)/);
  });

  it.each([0, 23, 28])("of %d bytes in place of 24", (stored) => {
    expect(() => read2d([2, 3], [3, 1], 0, stored)).toThrow(`are ${stored} bytes, not 6 float32`);
  });

  it("but overlapping within it", () => {
    expect(read2d([2, 3], [1, 1])).toMatchObject({ dims: [2, 3], strides: [1, 1] });
  });

  it("many views of one storage are refused once they exceed the file", () => {
    const tensor = read2d([6], [1]) as SourceTensor;
    const reader = new ValueReader(24);
    for (let i = 0; i < 4; i++) reader.values("w", tensor);
    expect(() => reader.values("w", tensor)).toThrow("share their numbers");
  });
});

describe("what is written", () => {
  const values = Float32Array.of(0.1, -0, 3, 65504, 1e-8, -2);
  const tree = new Map([
    [
      "unet",
      new Map([
        ["Bär", { dtype: "float32", dims: [2, 3], values }],
        ["half", { dtype: "float16", dims: [6], values: values.map(Math.fround) }],
      ] as const),
    ],
    ["empty", new Map()],
  ]);

  it("is read, bit for bit", () => {
    const file = writeTorchArchive(tree);
    expect(writeTorchArchive(tree)).toEqual(file);
    const root = readTorchArchive(file) as PickleDict;
    const unet = root.get("unet") as PickleDict;
    const reader = new ValueReader(file.length);
    expect(reader.values("Bär", unet.get("Bär") as SourceTensor)).toEqual(values);
    expect(unet.get("half")).toMatchObject({ dtype: "float16", dims: [6] });
    expect(root.get("empty")).toEqual(new Map());
  });

  it.each([0, -1, 300, 2 ** 31, 0.5, -0, "Bär"])("%s", (value) => {
    const written = writePickle(value, () => "");
    expect(readPickle(written, () => undefined)).toBe(value);
  });
});
