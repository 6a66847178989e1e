/**
 * @file Every operator against values from onnx's reference implementation and onnxruntime (tools/make_operator_cases.py),
 * the studio's own against PyTorch (tools/make_fused_cases.py).
 */
import { describe, expect, it } from "vitest";
import { readFixture } from "../../../../tests/support/fixture.ts";
import type { DType } from "../../tensor/dtype.ts";
import { type NdArray, ndArray } from "../../tensor/nd-array.ts";
import type { Dims } from "../../tensor/shape.ts";
import { type Attribute, attributes } from "../attributes.ts";
import { constantOf } from "../constant.ts";
import { evaluateNode } from "../evaluate.ts";
import type { Node } from "../graph.ts";
import { inferNode } from "../infer.ts";
import { SUPPORTED_OPS, type SupportedOp } from "./supported.ts";

interface StoredTensor {
  readonly dtype: DType;
  readonly dims: Dims;
  /** "NaN", "Infinity" and "-Infinity" are strings. */
  readonly data: readonly (number | string)[];
}

type StoredAttribute =
  | Exclude<Attribute, { type: "tensor" | "other" }>
  | { readonly type: "tensor"; readonly value: StoredTensor };

interface Case {
  readonly op: SupportedOp;
  readonly opset: number;
  readonly note: string;
  readonly attributes: Readonly<Record<string, StoredAttribute>>;
  readonly inputs: readonly (StoredTensor | null)[];
  readonly outputs: readonly StoredTensor[];
}

const read = async (name: string): Promise<readonly Case[]> =>
  JSON.parse(
    new TextDecoder().decode(await readFixture(`tests/reference/${name}.json`)),
  ) as readonly Case[];
const CASES = [...(await read("operator-cases")), ...(await read("fused-cases"))];

/**
 * We compute in float64 and the references in the type of the values, so each difference is bounded by their
 * rounding: a few ulps of a sum of at most a few dozen terms. Cast rounds on both sides and is exact.
 */
const TOLERANCE: Partial<Record<DType, number>> = { float64: 1e-13, float32: 2e-6 };

/**
 * Where the reference passes through float32 even for float64 values: onnx's erf returns float32, the bodies of
 * Gelu and GroupNormalization hold float32 constants and statistics. erf.test.ts checks erf to the last digits.
 */
const SINGLE_INSIDE: readonly SupportedOp[] = ["Erf", "Gelu", "GroupNormalization"];

const toArray = ({ dtype, dims, data }: StoredTensor): NdArray =>
  ndArray(dtype, dims, data.map(Number));

function toAttribute(stored: StoredAttribute): Attribute {
  if (stored.type !== "tensor") return stored;
  const { dtype, dims, data } = toArray(stored.value);
  return { type: "tensor", value: constantOf(dtype, dims, data) };
}

function nodeOf(test: Case): Node {
  return {
    opType: test.op,
    name: "node",
    inputs: test.inputs.map((input, i) => (input === null ? "" : `x${i}`)),
    outputs: test.outputs.map((_, i) => `y${i}`),
    attributes: attributes(
      Object.fromEntries(
        Object.entries(test.attributes).map(([name, stored]) => [name, toAttribute(stored)]),
      ),
    ),
  };
}

function title({ op, opset, note, attributes: attrs, inputs }: Case): string {
  const shapes = inputs.map((input) => (input === null ? "-" : `[${input.dims.join(",")}]`));
  const settings = Object.entries(attrs).map(([name, { type, value }]) =>
    type === "tensor" ? name : `${name}=${String(value)}`,
  );
  return [op, opset, ...shapes, ...settings, note].filter((part) => part !== "").join(" ");
}

/** Index of the first number that is too far from what is expected, with both; undefined where none is. */
function firstDifference(op: SupportedOp, got: NdArray, expected: NdArray): string | undefined {
  const dtype = SINGLE_INSIDE.includes(op) ? "float32" : expected.dtype;
  const tolerance = TOLERANCE[dtype] ?? 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [got.data[i]!, expected.data[i]!];
    const close = Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
    if (!close && a !== b && !(Number.isNaN(a) && Number.isNaN(b))) return `[${i}] ${a}, not ${b}`;
  }
  return undefined;
}

describe.each(SUPPORTED_OPS)("%s", (op) => {
  const cases = CASES.filter((test) => test.op === op);

  it("has a reference case", () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(cases.map((test) => [title(test), test] as const))("%s", (_, test) => {
    const node = nodeOf(test);
    const inputs = test.inputs.map((input) => (input === null ? undefined : toArray(input)));
    const expected = test.outputs.map(toArray);
    const byName = new Map(node.inputs.map((name, i) => [name, inputs[i]]));
    const look = (name: string) => byName.get(name);

    const types = inferNode(node, { opset: test.opset, type: look, value: look });
    const declared = expected.map(({ dtype, dims }) => ({ dtype, dims }));
    expect(types.map(({ dtype, dims }) => ({ dtype, dims }))).toEqual(declared);

    const values = evaluateNode(node, test.opset, inputs);
    expect(values.map(({ dtype, dims }) => ({ dtype, dims }))).toEqual(declared);
    expect(values.map((value, i) => firstDifference(op, value, expected[i]!))).toEqual(
      expected.map(() => undefined),
    );
  });
});
