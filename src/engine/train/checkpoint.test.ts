/** @file A checkpoint comes back bit for bit, or is refused: never anything in between. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StudioError } from "../../core/errors.ts";
import { readSafetensors, type SafetensorsEntry } from "../../core/tensor/safetensors.ts";
import { float32Entry } from "../../core/tensor/safetensors-values.ts";
import { writeSafetensors } from "../../core/tensor/safetensors-write.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";

const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

const CHECKPOINT: Checkpoint = {
  fingerprint: "00c0ffee",
  settings: { steps: 200, learningRate: 3e-4, tokens: ["<new1>"] },
  state: {
    values: Float32Array.of(0.1, -0, 1e-45, NaN),
    m: Float32Array.of(1, 2, 3, Infinity),
    v: Float32Array.of(4, 5, 6, 7),
    step: 10,
    lossScale: 65536,
    goodSteps: 3,
    skipped: 1,
  },
  history: Float32Array.of(0.5, 0.25, 0.4, 0.2),
};

const encoded = await encodeCheckpoint(CHECKPOINT);

async function refusalOf(bytes: Uint8Array): Promise<StudioError> {
  const error: unknown = await decodeCheckpoint(bytes).then(
    () => new Error("nothing was refused"),
    (reason: unknown) => reason,
  );
  if (error instanceof StudioError) return error;
  throw error;
}

/** A checkpoint with other contents; its checksum stays as it was. */
function rewritten(
  change: (tensors: Map<string, SafetensorsEntry>, metadata: Map<string, string>) => void,
): Uint8Array {
  const file = readSafetensors(encoded);
  const [tensors, metadata] = [new Map(file.tensors), new Map(file.metadata)];
  change(tensors, metadata);
  return writeSafetensors(tensors, metadata);
}

describe("round trip", () => {
  it("gives everything back, every bit of the state", async () => {
    const { state, history, ...rest } = await decodeCheckpoint(encoded);
    expect(rest).toEqual({ fingerprint: CHECKPOINT.fingerprint, settings: CHECKPOINT.settings });
    expect(state).toEqual(CHECKPOINT.state);
    for (const name of ["values", "m", "v"] as const) {
      expect(bits(state[name])).toEqual(bits(CHECKPOINT.state[name]));
    }
    expect(history).toEqual(CHECKPOINT.history);
    expect(await encodeCheckpoint({ ...rest, state, history })).toEqual(encoded);
  });

  it("of a run that has not begun, and from an odd place in memory", async () => {
    const empty = { ...CHECKPOINT, history: new Float32Array() };
    const bytes = await encodeCheckpoint(empty);
    const moved = new Uint8Array(bytes.length + 1);
    moved.set(bytes, 1);
    expect(await decodeCheckpoint(moved.subarray(1))).toEqual(empty);
  });

  it("from shared memory", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(encoded.length));
    shared.set(encoded);
    expect(await decodeCheckpoint(shared)).toEqual(CHECKPOINT);
  });
});

describe("what is refused", () => {
  const damaged = "This checkpoint is damaged or cut short";
  it.each<[string, Uint8Array, string]>([
    ["a text", new TextEncoder().encode("not a checkpoint"), damaged],
    ["another safetensors file", writeSafetensors(new Map()), "is not a checkpoint"],
    ["a later version", rewritten((_, m) => m.set("version", "2")), 'version "2"'],
    ["another step count", rewritten((_, m) => m.set("counters", '{"step":11}')), damaged],
    ["other settings", rewritten((_, m) => m.set("settings", "{}")), damaged],
    ["another fingerprint", rewritten((_, m) => m.set("fingerprint", "1")), damaged],
    ["more metadata", rewritten((_, m) => m.set("more", "")), damaged],
    ["no checksum", rewritten((_, m) => m.delete("sha256")), damaged],
    [
      "moments that changed places",
      rewritten((t) => {
        const [m, v] = [t.get("m")!, t.get("v")!];
        t.set("m", v).set("v", m);
      }),
      damaged,
    ],
    ["a tensor too many", rewritten((t) => t.set("x", t.get("m")!)), damaged],
    ["a tensor too few", rewritten((t) => t.delete("history")), damaged],
    [
      "another shape of the same bytes",
      rewritten((t) => t.set("history", { ...t.get("history")!, dims: [4, 1] })),
      damaged,
    ],
  ])("%s", async (_, bytes, reason) => {
    const error = await refusalOf(bytes);
    expect(error.code).toBe("invalid-input");
    expect(error.message).toContain(reason);
  });

  /** Metadata and tensors that no encoder wrote, under a checksum that is right. */
  async function forged(
    change: Partial<Checkpoint["state"]>,
    history = CHECKPOINT.history,
  ): Promise<Uint8Array> {
    return encodeCheckpoint({ ...CHECKPOINT, state: { ...CHECKPOINT.state, ...change }, history });
  }

  it.each([
    ["moments of another length", { m: new Float32Array(3) }],
    ["a negative step", { step: -1 }],
    ["half a step", { goodSteps: 0.5 }],
    ["a loss scale of 0", { lossScale: 0 }],
    ["a loss scale that is not finite", { lossScale: Infinity }],
  ])("%s, even with a checksum that is right", async (_, change) => {
    expect((await refusalOf(await forged(change))).message).toContain(damaged);
  });

  it("cut anywhere", async () => {
    for (let length = 0; length < encoded.length; length++) {
      expect((await refusalOf(encoded.subarray(0, length))).code).toBe("invalid-input");
    }
  });

  it("any changed byte: refused, or nothing has changed", async () => {
    const change = fc.tuple(fc.nat(encoded.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = encoded.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          expect(await decodeCheckpoint(bytes)).toEqual(CHECKPOINT);
        } catch (error) {
          if (!(error instanceof StudioError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

it("is read back from history written as one row a step", () => {
  const { tensors } = readSafetensors(encoded);
  expect(tensors.get("history")).toEqual(float32Entry([2, 2], CHECKPOINT.history));
});
