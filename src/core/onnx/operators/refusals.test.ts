/** @file What does not fit is refused with a sentence that says why, and names the node. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../../errors.ts";
import { type NdArray, ndArray } from "../../tensor/nd-array.ts";
import { elementCount } from "../../tensor/shape.ts";
import { type Attribute, attributes, float, int, ints, string } from "../attributes.ts";
import { evaluateNode } from "../evaluate.ts";
import type { Node, TensorType } from "../graph.ts";
import { inferNode } from "../infer.ts";

const f32 = (...dims: number[]): TensorType => ({ dtype: "float32", dims });
const bool = (...dims: number[]): TensorType => ({ dtype: "bool", dims });
const i64 = (...values: number[]): NdArray => ndArray("int64", [values.length], values);

type Attrs = Readonly<Record<string, Attribute>>;

function nodeOf(opType: string, inputs: number, attrs: Attrs = {}, outputs = 1): Node {
  return {
    opType,
    name: "n",
    inputs: Array.from({ length: inputs }, (_, i) => `x${i}`),
    outputs: Array.from({ length: outputs }, (_, i) => `y${i}`),
    attributes: attributes(attrs),
  };
}

/** The message that typing the node ends with; inputs with data count as constants. */
function refusal(
  opType: string,
  inputs: readonly (TensorType | NdArray)[],
  attrs: Attrs = {},
  { opset = 18, outputs = 1 } = {},
): string {
  const at = (name: string) => inputs[Number(name.slice(1))];
  const value = (name: string) => {
    const input = at(name);
    return input !== undefined && "data" in input ? input : undefined;
  };
  try {
    inferNode(nodeOf(opType, inputs.length, attrs, outputs), { opset, type: at, value });
  } catch (error) {
    expect(error).toBeInstanceOf(StudioError);
    return error instanceof StudioError ? error.message : "";
  }
  throw new Error(`${opType} was typed`);
}

const says = (opType: string, reason: string): string =>
  `${opType} "n" cannot be typed: ${reason}.`;

describe("shapes that do not fit", () => {
  it.each<[string, (TensorType | NdArray)[], Attrs, string]>([
    ["Add", [f32(2, 3), f32(4)], {}, "shapes [2, 3] and [4] do not broadcast"],
    ["Where", [bool(2), f32(3), f32()], {}, "shapes [2] and [3] do not broadcast"],
    ["Expand", [f32(2, 3), i64(2, 2)], {}, "shapes [2, 3] and [2, 2] do not broadcast"],
    [
      "MatMul",
      [f32(2, 3), f32(2, 3)],
      {},
      "its inputs of shape [2, 3] and [2, 3] cannot be multiplied",
    ],
    ["MatMul", [f32(2, 3), f32()], {}, "its inputs of shape [2, 3] and [] cannot be multiplied"],
    ["MatMul", [f32(2, 2, 3), f32(3, 3, 2)], {}, "shapes [2] and [3] do not broadcast"],
    [
      "Gemm",
      [f32(2, 3), f32(4, 3)],
      {},
      "its inputs of shape [2, 3] and [4, 3] cannot be multiplied",
    ],
    [
      "Gemm",
      [f32(1, 2, 3), f32(3, 4)],
      {},
      "its inputs of shape [1, 2, 3] and [3, 4] are not both matrices",
    ],
    ["Gemm", [f32(2, 3), f32(3, 4), f32(3, 1)], {}, "shapes [3, 1] and [2, 4] do not broadcast"],
    [
      "Gemm",
      [f32(1, 3), f32(3, 4), f32(2, 1)],
      {},
      "its bias of shape [2, 1] does not broadcast to [1, 4]",
    ],
    ["Conv", [f32(1, 4, 8), f32(4, 4, 3)], {}, "its input of shape [1, 4, 8] is not [N, C, H, W]"],
    [
      "Conv",
      [f32(1, 4, 8, 8), f32(4, 3, 3, 3)],
      {},
      "its weight of shape [4, 3, 3, 3] in 1 group does not fit its input of shape [1, 4, 8, 8]",
    ],
    [
      "Conv",
      [f32(1, 4, 2, 2), f32(4, 4, 3, 3)],
      {},
      "its kernel [3, 3] is larger than its padded input [2, 2]",
    ],
    ["Conv", [f32(1, 1, 4, 4), f32(2, 1, 3, 3), f32(3)], {}, "its bias of shape [3] is not [2]"],
    [
      "Conv",
      [f32(1, 1, 4, 4), f32(2, 1, 3, 3)],
      { pads: ints([1, 1]) },
      "its pads [1, 1] does not have 4 numbers",
    ],
    ["AveragePool", [f32(1, 1, 4, 4)], {}, "it has no kernel_shape"],
    [
      "InstanceNormalization",
      [f32(2, 4, 3), f32(3), f32(4)],
      {},
      "its scale of shape [3] is not [4]",
    ],
    [
      "GroupNormalization",
      [f32(2, 4, 3), f32(2), f32(2)],
      { num_groups: int(3) },
      "its num_groups 3 does not divide its 4 channels",
    ],
    ["LayerNormalization", [f32(2, 4), f32(3)], {}, "shapes [3] and [2, 4] do not broadcast"],
    [
      "LayerNormalization",
      [f32(4), f32(2, 4)],
      {},
      "its scale of shape [2, 4] does not broadcast to [4]",
    ],
    ["ReduceSum", [f32(2, 3), i64(2)], {}, "axis 2 is outside a tensor of rank 2"],
    ["Softmax", [f32(2, 3)], { axis: int(-3) }, "axis -3 is outside a tensor of rank 2"],
    [
      "ArgMax",
      [f32(2, 0)],
      { axis: int(1) },
      "it looks for the largest of no elements along axis 1",
    ],
    ["Reshape", [f32(2, 3), i64(4)], {}, "its input of shape [2, 3] does not fit the shape [4]"],
    [
      "Reshape",
      [f32(2, 3), i64(4, -1)],
      {},
      "its input of shape [2, 3] does not fit the shape [4, -1]",
    ],
    [
      "Reshape",
      [f32(2, 3), i64(-1, -1)],
      {},
      "its input of shape [2, 3] does not fit the shape [-1, -1]",
    ],
    ["Reshape", [f32(6), i64(6, 0)], {}, "its input of shape [6] does not fit the shape [6, 0]"],
    ["Squeeze", [f32(2, 1), i64(0)], {}, "its input of shape [2, 1] has axis 0 of size 2, not 1"],
    ["Unsqueeze", [f32(2), i64(0, -3)], {}, "its axes [0, -3] name an axis twice"],
    ["Flatten", [f32(2)], { axis: int(2) }, "its axis 2 is outside a tensor of rank 1"],
    [
      "Transpose",
      [f32(2, 3)],
      { perm: ints([0, 0]) },
      "its perm [0, 0] does not order the axes of its input, [2, 3]",
    ],
    ["Tile", [f32(2, 3), i64(2)], {}, "its repeats [2] do not fit its input of shape [2, 3]"],
    [
      "DepthToSpace",
      [f32(1, 6, 2, 2)],
      { blocksize: int(2) },
      "its input of shape [1, 6, 2, 2] does not hold blocks of size 2",
    ],
    ["Trilu", [f32(3)], {}, "its input of shape [3] is not a matrix"],
    [
      "Slice",
      [f32(3), i64(0), i64(1, 2)],
      {},
      "its starts, ends, axes and steps have 1, 2, 1, 1 entries",
    ],
    ["Slice", [f32(3), i64(0), i64(1), i64(0), i64(0)], {}, "its step along axis 0 is 0"],
    [
      "Split",
      [f32(3), i64(1, 1)],
      {},
      "its axis 0 of size 3 does not split into 1 pieces of sizes [1, 1]",
    ],
    [
      "Concat",
      [f32(2, 3), f32(3, 3)],
      { axis: int(1) },
      "its inputs of shape [2, 3] and [3, 3] do not join along axis 1",
    ],
    ["Pad", [f32(2, 3), i64(1, 1)], {}, "its pads [1, 1] do not fit 2 axes"],
    ["Pad", [f32(2), i64(-2, -1)], {}, "its pads [-2, -1] cut more than [2] has"],
    [
      "GatherElements",
      [f32(2, 3), i64(1)],
      {},
      "its indices of shape [1] do not fit its data of shape [2, 3]",
    ],
    [
      "GatherND",
      [f32(2), { dtype: "int64", dims: [1, 2] }],
      {},
      "its indices of shape [1, 2] do not fit its data of shape [2]",
    ],
    [
      "ScatterND",
      [f32(2, 3), { dtype: "int64", dims: [1, 1] }, f32(2)],
      {},
      "its updates of shape [2] are not [1, 3]",
    ],
    ["Range", [i64(0), i64(3), i64(0)], {}, "its step is 0"],
  ])("%s %j %j", (opType, inputs, attrs, reason) => {
    expect(refusal(opType, inputs, attrs)).toBe(says(opType, reason));
  });

  it("does not split an axis unevenly before opset 18", () => {
    expect(refusal("Split", [f32(3)], {}, { opset: 13, outputs: 2 })).toBe(
      says("Split", "its axis 0 of size 3 does not split into 2 pieces of sizes [1.5, 1.5]"),
    );
  });
});

describe("types that do not fit", () => {
  it.each<[string, TensorType[], string]>([
    [
      "Mul",
      [f32(2), { dtype: "float64", dims: [2] }],
      "its inputs are float32 and float64 and have to be of one type",
    ],
    ["Concat", [f32(2), bool(2)], "its inputs are float32 and bool and have to be of one type"],
    ["And", [f32(2), f32(2)], "its inputs are float32 and have to be bool"],
    ["Where", [f32(2), f32(2), f32(2)], "its condition is float32 and has to be bool"],
    ["Exp", [{ dtype: "int32", dims: [2] }], "its input is int32 and has to be floating point"],
    ["Mod", [f32(2), f32(2)], "its fmod has to be 1 for floating point inputs"],
    ["Max", [], "it has no inputs"],
  ])("%s %j", (opType, inputs, reason) => {
    expect(refusal(opType, inputs)).toBe(says(opType, reason));
  });
});

describe("forms that are not supported", () => {
  it.each<[string, (TensorType | NdArray)[], Attrs, string]>([
    [
      "Cast",
      [f32(2)],
      { to: int(8) },
      "its target, ONNX element type 8, is not one the studio holds",
    ],
    [
      "Gelu",
      [f32(2)],
      { approximate: string("fast") },
      'its approximation "fast" is neither "none" nor "tanh"',
    ],
    [
      "Pad",
      [f32(2), i64(1, 1)],
      { mode: string("reflect") },
      'its mode "reflect" is not "constant", the only one the studio supports',
    ],
    [
      "Resize",
      [f32(1, 1, 2, 2), f32(0), f32(0), i64(1, 1, 4, 4)],
      { mode: string("linear") },
      'its mode "linear" is not "nearest", the only one the studio supports',
    ],
    [
      "Resize",
      [f32(2), f32(0), f32(0), i64(4)],
      { coordinate_transformation_mode: string("tf_crop_and_resize") },
      'its coordinate_transformation_mode "tf_crop_and_resize" is not one the studio supports',
    ],
    ["Resize", [f32(2)], {}, "it has to have either scales or sizes"],
    [
      "AveragePool",
      [f32(1, 1, 4, 4)],
      { kernel_shape: ints([2, 2]), ceil_mode: int(1) },
      "its ceil_mode is not 0, which the studio does not support",
    ],
    [
      "Conv",
      [f32(1, 1, 4, 4), f32(1, 1, 2, 2)],
      { auto_pad: string("SAME") },
      'its auto_pad "SAME" is not one ONNX has',
    ],
    [
      "ScatterND",
      [f32(2), i64(0), f32()],
      { reduction: string("mul") },
      'its reduction "mul" is neither "none" nor "add"',
    ],
    [
      "Constant",
      [],
      { value_string: string("x") },
      "it holds no tensor of numbers but value_string",
    ],
  ])("%s %j %j", (opType, inputs, attrs, reason) => {
    expect(refusal(opType, inputs, attrs)).toBe(says(opType, reason));
  });

  it("names an attribute of the wrong kind", () => {
    expect(refusal("Softmax", [f32(2)], { axis: float(1) })).toContain(
      'Attribute "axis" of Softmax "n" is a float, not a int',
    );
  });
});

describe("inputs that shapes depend on", () => {
  const computed: TensorType = { dtype: "int64", dims: [1] };

  it.each<[string, number]>([
    ["Reshape", 1],
    ["Expand", 1],
    ["Unsqueeze", 1],
    ["ReduceMean", 1],
    ["Tile", 1],
    ["Pad", 1],
    ["ConstantOfShape", 0],
  ])("%s has to have a constant input %i", (opType, input) => {
    const inputs = input === 0 ? [computed] : [f32(2), computed];
    expect(refusal(opType, inputs)).toBe(
      says(opType, `its input ${input} ("x${input}") has to be a constant and is computed instead`),
    );
  });
});

describe("values that do not fit", () => {
  const failure = (opType: string, inputs: NdArray[], attrs: Attrs = {}): string => {
    try {
      evaluateNode(nodeOf(opType, inputs.length, attrs), 18, inputs);
    } catch (error) {
      return error instanceof StudioError ? error.message : "";
    }
    throw new Error(`${opType} was computed`);
  };
  const zeros = (...dims: number[]) =>
    ndArray("float32", dims, new Float64Array(elementCount(dims)));

  it("names an index outside its axis", () => {
    const sentence = (opType: string, index: number) =>
      `${opType} "n" cannot be computed: index ${index} is outside an axis of size 2.`;
    expect(failure("Gather", [zeros(2), i64(2)])).toBe(sentence("Gather", 2));
    expect(failure("GatherElements", [zeros(2), i64(-3)])).toBe(sentence("GatherElements", -3));
    expect(failure("GatherND", [zeros(2), i64(5)])).toBe(sentence("GatherND", 5));
    expect(failure("ScatterND", [zeros(2), i64(2), zeros()])).toBe(sentence("ScatterND", 2));
  });

  it("refuses to divide an integer by zero", () => {
    expect(failure("Div", [i64(1), i64(0)])).toBe(
      'Div "n" cannot be computed: an integer is divided by zero.',
    );
  });
});
