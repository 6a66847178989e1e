/**
 * @file How a graph asks the engine for one of the studio's own functions: by the scale of a MultiHeadAttention node, which
 * is negative, -(heads + 64 · positions + 2^20 · mode), and what that node's function is given.
 */
import {
  type Code,
  f32Load,
  f32Negate,
  get,
  i32,
  i32Add,
  i32And,
  i32Load,
  i32Multiply,
  i32TruncateUnsigned,
} from "./instructions.ts";

/** Gradients of attention have odd numbers; 15 is the largest that a float holds exactly with the rest. */
export const MODES = {
  self: 0,
  selfGradient: 1,
  cross: 2,
  crossGradient: 3,
  gatedGelu: 4,
  gatedGeluGradient: 5,
  quickGelu: 9,
  quickGeluGradient: 13,
  groupNorm: 6,
  groupNormGradient: 7,
  tiledConvolution: 8,
  layerNorm: 10,
  layerNormGradient: 11,
  directConvolution: 14,
  dense: 12,
  pointwiseConvolution: 15,
} as const;
export type Mode = keyof typeof MODES;

/** The attribute that says what is asked for; heads and positions are attention's, and other operators' flags and sizes. */
export function fusedScale(mode: Mode, heads = 0, positions = 0): number {
  return -(heads + 64 * positions + 2 ** 20 * MODES[mode]);
}

/** Most heads, and most positions, that fit into that number. */
export const MOST_HEADS = 63;
export const MOST_POSITIONS = 16_383;

/** Parameters: the arguments' address, this thread's number. */
export const ARGUMENTS = 0;
export const THREAD = 1;
/** Fields of MlasFlashAttentionThreadedArgs: bytes from its start (onnxruntime, core/mlas/inc/mlas.h; bias: inputs-in-place.ts). */
const FIELD = {
  batch: 0,
  queries: 8,
  querySize: 16,
  valueSize: 20,
  bias: 24,
  threads: 36,
  buffer: 40,
  bufferSize: 44,
  query: 48,
  key: 52,
  value: 56,
  output: 60,
} as const;
const SCALE = 32;

export const field = (name: keyof typeof FIELD): Code => [
  ...get(ARGUMENTS),
  ...i32Load(FIELD[name]),
];

/** The scale as the number that it stands for. */
export const word: Code = [
  ...[...get(ARGUMENTS), ...f32Load(SCALE), ...f32Negate, ...i32TruncateUnsigned],
];

/** Whether the value is added to the result: heads are 1. */
export const adds: Code = [...word, ...i32(1), ...i32And];

/** Whether the value has a number for each image and channel, and that is added: heads are 2. */
export const addsPerImage: Code = [...word, ...i32(2), ...i32And];

/** Whether the key is added to the result: positions are 1. */
export const addsKey: Code = [...word, ...i32(64), ...i32And];

/** Address of this thread's own memory. */
export const scratch: Code = [
  ...[...field("buffer"), ...field("bufferSize"), ...get(THREAD), ...i32Multiply, ...i32Add],
];
