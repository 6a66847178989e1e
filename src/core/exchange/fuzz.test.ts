/** @file Whatever the bytes are: a value or a StudioError, soon, and never more memory than four times the file. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { exchangeGoldens } from "../../../tests/support/exchange-file.ts";
import { StudioError } from "../errors.ts";
import { readSafetensors } from "../tensor/safetensors.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import { readExchange } from "./detect.ts";
import type { Exchanged, ExchangedWeight } from "./exchanged.ts";
import { readPickle } from "./pickle-read.ts";
import { readTorchArchive } from "./torch-archive.ts";
import { readStoredZip } from "./zip-read.ts";
import { writeStoredZip } from "./zip-write.ts";

const RUNS = 10_000;

const goldens = exchangeGoldens().map(([, bytes]) => bytes);
const archives = goldens.filter((bytes) => bytes[0] === 0x50);
const safetensors = goldens.filter((bytes) => bytes[0] !== 0x50);
const contents = archives.flatMap((bytes) => {
  try {
    return [[...readStoredZip(bytes)]];
  } catch {
    return [];
  }
});
type Entries = (typeof contents)[number];
/** Whose archives are soon made again. */
const small = contents.filter((entries) => entries.length < 16);
const pickleOf = (entries: Entries): Uint8Array =>
  entries.find(([name]) => name.endsWith("data.pkl"))![1];
const pickles = contents.map(pickleOf);

const outcomes = { read: 0, refused: 0 };

/** Reads, or refuses with a StudioError; anything else is thrown on. */
function readsOrRefuses<T>(read: () => T): T | null {
  try {
    const value = read();
    outcomes.read++;
    return value;
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    outcomes.refused++;
    return null;
  }
}

function bytesOf(weight: ExchangedWeight): number {
  return weight.kind === "factors"
    ? weight.up.byteLength + weight.down.byteLength
    : weight.values.byteLength;
}

function memoryOf({ weights, tokens }: Exchanged): number {
  const arrays = [
    ...[...weights.values()].map(bytesOf),
    ...[...tokens.values()].map((r) => r.byteLength),
  ];
  return arrays.reduce((sum, bytes) => sum + bytes, 0);
}

/** What every reader has to stand. */
function stands(bytes: Uint8Array): boolean {
  const read = readsOrRefuses(() => readExchange(bytes, "any.bin"));
  return read === null || memoryOf(read) <= 4 * bytes.byteLength;
}

/** One of `files` with up to four bytes set, perhaps some inserted or removed, perhaps cut. */
function mutated(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const interesting = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x28, 0x52));
  const edits = fc.array(fc.tuple(place, interesting), { maxLength: 4 });
  const shift = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1, 4, -4);
  const end = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: place });
  return fc
    .tuple(fc.constantFrom(...files), edits, fc.tuple(place, shift), end)
    .map(([file, changes, [where, by], cut]) => {
      const at = Math.floor(where * file.length);
      const bytes = new Uint8Array(Math.max(at, file.length + by));
      bytes.set(file.subarray(0, at));
      bytes.set(file.subarray(Math.min(file.length, at + Math.max(0, -by))), at + Math.max(0, by));
      for (const [spot, value] of changes) bytes[Math.floor(spot * bytes.length)] = value;
      return bytes.subarray(0, Math.ceil(cut * bytes.length));
    });
}

const check = (arbitrary: fc.Arbitrary<Uint8Array>, holds: (bytes: Uint8Array) => boolean): void =>
  fc.assert(fc.property(arbitrary, holds), { numRuns: RUNS });

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

describe("bytes that are anything", () => {
  it("are read or refused", () => {
    check(fc.uint8Array({ maxLength: 200 }), stands);
  });

  it("behind the beginning of an archive, or of a pickle", () => {
    const heads = fc.constantFrom<number[]>([0x50, 0x4b, 3, 4], [0x80, 2], [0x80, 4, 0x95]);
    check(
      fc.tuple(heads, fc.uint8Array({ maxLength: 200 })).map(([head, rest]) => {
        return Uint8Array.from([...head, ...rest]);
      }),
      stands,
    );
  });
});

describe("files that are almost right", () => {
  it("of PyTorch, as archives", () => {
    check(mutated(archives), (bytes) => {
      readsOrRefuses(() => readTorchArchive(bytes));
      return stands(bytes);
    });
  });

  it("of PyTorch, with whole checksums around a changed list of contents", () => {
    const repacked = fc
      .constantFrom(...small)
      .chain((entries) =>
        mutated([pickleOf(entries)]).map((pickle) =>
          writeStoredZip(
            entries.map(([name, bytes]) => [name, name.endsWith("data.pkl") ? pickle : bytes]),
          ),
        ),
      );
    check(repacked, stands);
  });

  it("of safetensors", () => {
    check(mutated(safetensors), stands);
  });

  it("of safetensors, with a whole header around other names and shapes", () => {
    const files = safetensors.map((bytes) => readSafetensors(bytes));
    const names = fc.constantFrom(
      ...files.flatMap(({ tensors }) => [...tensors.keys()]),
      ...["emb_params", "<a>", "x", "__proto__", "lora_x", "text_encoder.lora_A.weight", "unet"],
    );
    const entries = fc.constantFrom(...files.flatMap(({ tensors }) => [...tensors.values()]));
    const metadata = fc.constantFrom(...files.map((file) => file.metadata));
    check(
      fc
        .tuple(fc.array(fc.tuple(names, entries), { maxLength: 8 }), metadata)
        .map(([tensors, about]) => writeSafetensors(new Map(tensors), about)),
      stands,
    );
  });
});

describe("pickles", () => {
  const limit = 64;
  const bytesOfStorage = (key: string): Uint8Array | undefined =>
    /^\d$/.test(key) ? new Uint8Array(limit) : undefined;
  const reads = (bytes: Uint8Array): boolean => {
    readsOrRefuses(() => readPickle(bytes, bytesOfStorage));
    return true;
  };

  it("of any bytes", () => {
    check(fc.uint8Array({ maxLength: 300 }), reads);
  });

  it("of torch's, changed", () => {
    check(mutated(pickles), reads);
  });

  it("of instructions in any order", () => {
    const text = (content: string): number[] => [...new TextEncoder().encode(content)];
    const name = fc.constantFrom(
      ...[
        "collections\nOrderedDict\n",
        "torch._utils\n_rebuild_tensor_v2\n",
        "torch\nHalfStorage\n",
      ],
      ...["torch._utils\n_rebuild_parameter\n", "torch\nFloatStorage\n", "os\nsystem\n"],
      ...["builtins\neval\n", "__builtin__\ngetattr\n", "torch\nload\n"],
    );
    const word = fc.constantFrom("storage", "0", "cpu", "__proto__", "constructor", "os", "system");
    const plain = [0x28, 0x29, 0x30, 0x4e, 0x51, 0x52, 0x5d, 0x61, 0x62, 0x65, 0x73, 0x74, 0x75];
    const building = [0x7d, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x93, 0x94, 0x6f, 0x92];
    const instruction = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...plain, ...building).map((code) => [code]) },
      name.map((global) => [0x63, ...text(global)]),
      name.map((global) => [0x69, ...text(global)]),
      word.map((content) => [0x8c, content.length, ...text(content)]),
      fc.tuple(fc.constantFrom(0x4b, 0x68, 0x71), fc.nat(5)).map((pair) => [...pair]),
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map((count) => [0x72, ...count]),
      fc.uint8Array({ minLength: 5, maxLength: 9 }).map((long) => [0x8b, ...long]),
      fc.uint8Array({ minLength: 8, maxLength: 8 }).map((long) => [0x8d, ...long]),
      fc.uint8Array({ maxLength: 9 }).map((long) => [0x8a, long.length, ...long]),
    );
    // A whole tensor in front, so that there is something to build on.
    const tensor = pickles[0]!.subarray(0, 170);
    const program = fc.array(instruction, { maxLength: 40 });
    const start = fc.constantFrom<readonly number[]>([0x80, 2], [...tensor]);
    check(
      fc.tuple(start, program).map(([head, rest]) => {
        return Uint8Array.from([...head, ...rest.flat(), 0x2e]);
      }),
      reads,
    );
  });
});

describe("archives", () => {
  it("with any directory over whole checksums", () => {
    const field = fc.tuple(fc.nat(45), fc.constantFrom(1, 2, 0x40, 0x7f, 0xff));
    check(
      fc.tuple(fc.nat(small.length - 1), fc.array(field, { maxLength: 3 })).map(([i, fields]) => {
        const file = writeStoredZip(small[i]!);
        const start = new DataView(file.buffer).getUint32(file.length - 6, true);
        for (const [at, value] of fields) file[start + at] = value;
        return file;
      }),
      (bytes) => {
        const entries = readsOrRefuses(() => readStoredZip(bytes)) ?? new Map<string, Uint8Array>();
        const lengths = [...entries.values()].map(({ length }) => length);
        return lengths.reduce((sum, length) => sum + length, 0) <= bytes.length;
      },
    );
  });
});

it("some were read and some refused, and no golden file needs more than four times itself", () => {
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(RUNS / 5);
  for (const bytes of goldens) expect(stands(bytes)).toBe(true);
});
