/** @file Gradient-check cases of matrix products and convolutions: batches, flags, strides, odd sizes, remainders. */
import { float, int, ints, string } from "../../onnx/attributes.ts";
import type { Dims } from "../../tensor/shape.ts";
import { type Case, checked, frozen } from "../gradient-check.test-support.ts";

const matMul = (a: Dims, b: Dims): Case => ({
  name: `[${a.join(", ")}] by [${b.join(", ")}]`,
  inputs: [checked(a), checked(b)],
});

interface Gemm {
  readonly transA?: 0 | 1;
  readonly transB?: 0 | 1;
  readonly alpha?: number;
  readonly beta?: number;
  readonly bias?: Dims;
}

const gemm = ({ transA = 0, transB = 0, alpha = 1, beta = 1, bias }: Gemm): Case => ({
  name: `transA ${transA}, transB ${transB}, alpha ${alpha}, beta ${beta}, bias ${bias ? `[${bias.join(", ")}]` : "none"}`,
  inputs: [
    checked(transA ? [3, 2] : [2, 3]),
    checked(transB ? [4, 3] : [3, 4]),
    ...(bias ? [checked(bias)] : []),
  ],
  attributes: {
    transA: int(transA),
    transB: int(transB),
    alpha: float(alpha),
    beta: float(beta),
  },
});

interface Conv {
  readonly image: Dims;
  readonly weights: Dims;
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly pads?: readonly number[];
  readonly autoPad?: string;
  readonly bias?: boolean;
}

const conv = (name: string, c: Conv): Case => ({
  name,
  inputs: [
    checked(c.image),
    frozen(c.weights),
    ...(c.bias === true ? [checked([c.weights[0]!])] : []),
  ],
  attributes: {
    kernel_shape: ints(c.weights.slice(2)),
    ...(c.strides ? { strides: ints(c.strides) } : {}),
    ...(c.dilations ? { dilations: ints(c.dilations) } : {}),
    ...(c.pads ? { pads: ints(c.pads) } : {}),
    ...(c.autoPad === undefined ? {} : { auto_pad: string(c.autoPad) }),
  },
});

/** Both remainders of stride 2: an even and an odd height and width. */
const downsampled: readonly Case[] = [
  [4, 4],
  [5, 4],
  [5, 7],
  [2, 3],
].map(([height, width]) =>
  conv(`stride 2, padding 1, ${height} by ${width}`, {
    image: [1, 2, height!, width!],
    weights: [3, 2, 3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
);

const pool = (
  name: string,
  image: Dims,
  kernel: readonly number[],
  strides: readonly number[],
  pads: readonly number[] = [0, 0, 0, 0],
): Case => ({
  name,
  inputs: [checked(image)],
  attributes: {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    pads: ints(pads),
    count_include_pad: int(1),
  },
});

export const LINEAR = {
  AveragePool: [
    pool("blocks", [2, 3, 4, 4], [2, 2], [2, 2]),
    pool("blocks of 2 by 3", [1, 2, 4, 6], [2, 3], [2, 3]),
    pool("blocks with a remainder", [1, 2, 5, 7], [2, 2], [2, 2]),
    pool("overlapping windows", [1, 2, 5, 5], [3, 3], [2, 2]),
    pool("gaps between windows", [1, 1, 7, 5], [1, 2], [3, 3]),
    pool("padding counted", [1, 2, 4, 5], [3, 3], [1, 2], [1, 1, 1, 1]),
    {
      name: "padding not counted, and none there",
      inputs: [checked([1, 1, 4, 4])],
      attributes: { kernel_shape: ints([2, 2]) },
    },
  ],
  Conv: [
    conv("1 by 1", { image: [2, 3, 2, 2], weights: [4, 3, 1, 1], bias: true }),
    conv("3 by 3, no padding", { image: [1, 2, 4, 5], weights: [2, 2, 3, 3] }),
    conv("3 by 3, padding 1", {
      image: [2, 2, 3, 3],
      weights: [3, 2, 3, 3],
      pads: [1, 1, 1, 1],
      bias: true,
    }),
    conv("2 by 3, uneven padding", {
      image: [1, 2, 4, 4],
      weights: [2, 2, 2, 3],
      pads: [0, 1, 1, 2],
    }),
    conv("more padding than kernel", {
      image: [1, 1, 2, 3],
      weights: [2, 1, 1, 2],
      pads: [1, 2, 1, 2],
    }),
    conv("dilations", {
      image: [1, 2, 6, 5],
      weights: [2, 2, 3, 2],
      dilations: [2, 3],
      pads: [1, 0, 2, 1],
    }),
    conv("same size by auto_pad", {
      image: [1, 1, 4, 3],
      weights: [1, 1, 2, 2],
      autoPad: "SAME_UPPER",
    }),
    conv("stride 2 by auto_pad", {
      image: [1, 1, 5, 4],
      weights: [1, 1, 3, 2],
      strides: [2, 2],
      autoPad: "SAME_LOWER",
    }),
    ...downsampled,
    conv("stride 2 on one axis", {
      image: [1, 1, 4, 5],
      weights: [2, 1, 3, 3],
      strides: [1, 2],
      pads: [1, 1, 1, 1],
    }),
    conv("stride larger than kernel, with dilation and leftover", {
      image: [1, 1, 9, 8],
      weights: [1, 1, 2, 1],
      strides: [3, 3],
      dilations: [2, 1],
    }),
    conv("stride 3, more padding than kernel", {
      image: [1, 1, 4, 4],
      weights: [1, 1, 1, 1],
      strides: [3, 2],
      pads: [2, 1, 1, 2],
    }),
    conv("patches of the autoencoder's downsampler", {
      image: [1, 1, 5, 5],
      weights: [1, 1, 3, 3],
      strides: [2, 2],
      pads: [0, 0, 1, 1],
      bias: true,
    }),
  ],
  Gemm: [
    gemm({}),
    gemm({ transA: 1, bias: [4] }),
    gemm({ transB: 1, bias: [4] }),
    gemm({ transA: 1, transB: 1, bias: [2, 4] }),
    gemm({ alpha: 0.5, beta: 2, bias: [2, 1] }),
    gemm({ transA: 1, alpha: -1.5, beta: 0.25, bias: [1, 4] }),
    gemm({ transB: 1, alpha: 3, beta: -1, bias: [] }),
    gemm({ transA: 1, transB: 1, alpha: 0.1, beta: 0.5, bias: [1] }),
  ],
  MatMul: [
    matMul([2, 3], [3, 4]),
    matMul([3], [3]),
    matMul([3], [3, 2]),
    matMul([2, 3], [3]),
    matMul([2, 4, 3], [3]),
    matMul([3], [2, 3, 2]),
    matMul([2, 2, 3], [3, 2]),
    matMul([2, 1, 2, 3], [3, 4]),
    matMul([2, 3], [4, 3, 2]),
    matMul([2, 4, 2], [2, 2, 4]),
    matMul([2, 2, 5, 5], [2, 2, 5, 2]),
    matMul([2, 2, 2, 5], [2, 2, 5, 5]),
    matMul([2, 1, 2, 3], [1, 3, 3, 2]),
    matMul([3, 2, 2], [2, 3, 2, 4]),
    { name: "weight frozen", inputs: [checked([2, 2, 3]), frozen([3, 4])] },
    { name: "one matrix, weight frozen", inputs: [checked([2, 3]), frozen([3, 4])] },
    { name: "batched weight frozen", inputs: [checked([2, 2, 3]), frozen([2, 3, 4])] },
    { name: "left frozen", inputs: [frozen([2, 2, 3]), checked([3, 4])] },
    { name: "left frozen, batches", inputs: [frozen([2, 2, 3]), checked([2, 3, 4])] },
    { name: "vector weight frozen", inputs: [checked([2, 3]), frozen([3])] },
  ],
} satisfies Record<string, readonly Case[]>;
