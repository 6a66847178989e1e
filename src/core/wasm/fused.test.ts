/** @file The function behind the studio's own operators, run alone by several threads' numbers, beside their plain values. */
import { describe, expect, it } from "vitest";
import { functionAlone, memory } from "../../../tests/support/wasm-functions.ts";
import { type Attribute, float, int } from "../onnx/attributes.ts";
import { evaluateNode } from "../onnx/evaluate.ts";
import type { SupportedOp } from "../onnx/operators/supported.ts";
import { normal } from "../random/normal.ts";
import { ndArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { fusedScale, type Mode } from "./fused-call.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { I32 } from "./instructions.ts";

const TYPE = [2, I32, I32, 0];
const UNTOUCHED = 7.5;
/** Bytes: the arguments, the two tensors, the output and what follows it, a thread's own memory, the bias. */
const [ARGUMENTS, QUERY, VALUE, OUTPUT, SCRATCH] = [64, 0x1000, 0x80000, 0x100000, 0x180000];
const SCRATCH_BYTES = 0x60000;
const BIAS = 0x2a0000;
const THREADS = 3;

interface Call {
  readonly op: SupportedOp;
  readonly mode: Mode;
  readonly heads: number;
  readonly positions: number;
  readonly inputs: readonly [Dims, ...Dims[]];
  /** Which input is the query, 2 for what a norm is set to, and which the value; -1 where there are only zeros. */
  readonly query: 0 | 1 | 2;
  readonly value: 0 | 1 | 2 | -1;
  /** Which input is the bias, where there is one. */
  readonly bias?: 1;
  readonly silu?: 0 | 1;
  readonly batch?: number;
  readonly rows: number;
}

const self = (images: number, positions: number, heads: number, size: number): Call[] => {
  const channels = heads * size;
  const inputs = [
    [images, positions, 3 * channels],
    [images, positions, channels],
  ] as const;
  const shared = { heads, positions, inputs, rows: images * positions };
  return [
    { op: "PackedSelfAttention", mode: "self", ...shared, query: 0, value: 1 },
    { op: "PackedSelfAttentionGradient", mode: "selfGradient", ...shared, query: 1, value: 0 },
  ];
};

const cross = (images: number, positions: number, keys: number, heads: number, size: number) => {
  const channels = heads * size;
  const packed = [images, keys, 2 * channels];
  const shared = { heads, positions, rows: images };
  return [
    {
      op: "PackedCrossAttention",
      mode: "cross",
      ...shared,
      inputs: [packed, [images, positions, channels]],
      query: 0,
      value: 1,
    },
    {
      op: "PackedCrossAttentionGradient",
      mode: "crossGradient",
      ...shared,
      inputs: [[images, 2 * positions + 2 * keys, channels], packed],
      query: 1,
      value: 0,
    },
  ] satisfies Call[];
};

const gelu = (rows: number, width: number): Call[] => [
  {
    op: "GatedGelu",
    mode: "gatedGelu",
    ...{ heads: 0, positions: 0, inputs: [[rows, 2 * width]], query: 0, value: -1, rows },
  },
  {
    op: "GatedGeluGradient",
    mode: "gatedGeluGradient",
    ...{ heads: 0, positions: 0, query: 1, value: 0, rows },
    inputs: [
      [rows, 2 * width],
      [rows, width],
    ],
  },
];

const norm = (images: number, channels: number, pixels: number, groups: number, silu: 0 | 1) => {
  const shared = { heads: groups, positions: images, query: 2, value: 0, silu } as const;
  const perChannel = [[channels], [channels]] as const;
  return [
    {
      op: "FusedGroupNorm",
      mode: "groupNorm",
      ...shared,
      inputs: [[images, channels, pixels], ...perChannel],
      rows: 1,
    },
    {
      op: "FusedGroupNormGradient",
      mode: "groupNormGradient",
      ...shared,
      inputs: [[2, images, channels, pixels], ...perChannel],
      rows: 2,
    },
  ] satisfies Call[];
};

const dense = (rows: number, depth: number, columns: number, residual = false): Call => ({
  op: "Dense",
  mode: "dense",
  ...{ heads: residual ? 1 : 0, positions: 0, batch: 1, rows, query: 0, bias: 1 },
  inputs: [[rows, depth], [(depth + 1) * columns], ...(residual ? [[rows, columns]] : [])],
  value: residual ? 2 : -1,
});

const CALLS = [
  // Fewer rows than threads, an odd number of them, panels of two blocks.
  ...[dense(2, 1, 16), dense(5, 7, 48), dense(8, 64, 32, true), dense(13, 9, 16, true)],
  ...[dense(3, 1100, 48), dense(4, 1100, 80, true)],
  ...[norm(1, 4, 4, 1, 0), norm(2, 12, 16, 4, 1), norm(3, 8, 64, 2, 1)].flat(),
  ...[self(1, 8, 1, 8), self(2, 16, 3, 8), self(1, 64, 2, 24), self(3, 24, 1, 40)].flat(),
  ...[cross(1, 8, 77, 1, 8), cross(2, 16, 5, 3, 16), cross(1, 32, 1, 2, 8)].flat(),
  ...[gelu(1, 4), gelu(7, 12), gelu(2, 256)].flat(),
];

describe.each([
  { mode: "multiply and add", relaxed: false },
  { mode: "relaxed multiply-add", relaxed: true },
])("$mode", ({ relaxed }) => {
  const kernel = functionAlone(Uint8Array.from(TYPE), Uint8Array.from(fusedKernel(relaxed)));

  function run(call: Call) {
    const { heads, positions, rows, op } = call;
    const floats = new Float32Array(memory.buffer);
    const words = new Int32Array(memory.buffer);
    floats.fill(UNTOUCHED);
    const tensors = call.inputs.map((dims, i) => {
      // Up to some standard deviations: scores from -20 to 20, gates at both ends of the normal distribution.
      return { dims, data: normal(i + 3, elementCount(dims)).map((x) => 2 * x) };
    });
    const settings = [
      ...(tensors[1]?.data ?? []),
      ...(tensors[2]?.data ?? []),
      1e-5,
      call.silu ?? 0,
    ];
    const query =
      call.query === 2
        ? Float32Array.from(
            { length: rows * settings.length },
            (_, i) => settings[i % settings.length]!,
          )
        : tensors[call.query]!.data;
    floats.set(query, QUERY / 4);
    if (call.value >= 0) floats.set(tensors[call.value]!.data, VALUE / 4);
    if (call.bias !== undefined) floats.set(tensors[call.bias]!.data, BIAS / 4);
    const node = {
      opType: op,
      name: op,
      inputs: tensors.map((_, i) => `x${i}`),
      outputs: ["y"],
      attributes: new Map<string, Attribute>([
        ["heads", int(heads)],
        ["groups", int(heads)],
        ["silu", int(call.silu ?? 0)],
        ["epsilon", float(1e-5)],
      ]),
    };
    const arrays = tensors.map(({ dims, data }) => ndArray("float64", dims, data));
    const expected = evaluateNode(node, 18, arrays)[0]!;
    const size = expected.data.length;
    const [querySize, valueSize] = [query.length / rows, size / rows];
    const fields = {
      0: call.batch ?? rows,
      4: 1,
      8: rows,
      12: 1,
      16: querySize,
      20: valueSize,
      36: THREADS,
    };
    const places = {
      24: BIAS,
      40: SCRATCH,
      44: SCRATCH_BYTES,
      48: QUERY,
      52: QUERY,
      56: VALUE,
      60: OUTPUT,
    };
    for (const [at, value] of Object.entries({ ...fields, ...places })) {
      words[(ARGUMENTS + Number(at)) / 4] = value;
    }
    floats[(ARGUMENTS + 32) / 4] = fusedScale(call.mode, heads, positions);
    for (let thread = 0; thread < THREADS; thread++) kernel(ARGUMENTS, thread);
    const got = floats.slice(OUTPUT / 4, OUTPUT / 4 + size + 8);
    return { expected: expected.data, got };
  }

  it.each(CALLS)("$op of $inputs, $heads heads", (call) => {
    const { expected, got } = run(call);
    const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const skipped = (i: number): boolean => {
      // Neither the rows between dQ and dK nor what comes after dx have a meaning.
      if (call.mode === "groupNormGradient") return i >= expected.length / 2;
      const [, all = 0, channels = 0] = call.inputs[0];
      const row = Math.floor(i / channels) % all;
      return call.mode === "crossGradient" && row >= call.positions && row < 2 * call.positions;
    };
    expected.forEach((wanted, i) => {
      // Scores reach some 60, where float32 is 4e-6 apart, and exponentials hand that on as a relative error.
      if (!skipped(i)) expect(Math.abs(got[i]! - wanted)).toBeLessThan(1e-5 * largest);
    });
    expect([...got.subarray(expected.length)]).toEqual(new Array(8).fill(UNTOUCHED));
  });
});
