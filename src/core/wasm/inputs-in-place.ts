/**
 * @file What the studio's own functions are given of a MultiHeadAttention node: its inputs as they came. The node's function
 * copies queries, keys and values in another order before it computes; here the copies are of nothing, and the tensors' own
 * memory is handed on. The bias may have any size and goes along.
 */
import {
  CALL,
  type Code,
  drop,
  f32,
  f32LessThan,
  f32Load,
  get,
  I32,
  i32,
  i32EqualsZero,
  i32Multiply,
  i32Store,
  select,
  tee,
} from "./instructions.ts";
import type { WasmFunction } from "./module.ts";
import { extended, replaced } from "./recognise.ts";

/** Whether one of the studio's functions is asked for: the attribute is at 52 of the kernel. */
export const SCALE_IS_NEGATIVE: Code = [...get(1), ...f32Load(52), ...f32(0), ...f32LessThan];

/** One of the three: locals with its positions, its head's size and the tensor, and the field that its address is put in. */
interface Copied {
  readonly positions: number;
  readonly size: number;
  readonly tensor: number;
  readonly field: number;
}

const COPIED: readonly Copied[] = [
  { positions: 15, size: 5, tensor: 11, field: 88 },
  { positions: 9, size: 5, tensor: 6, field: 92 },
  { positions: 9, size: 13, tensor: 12, field: 96 },
];
const BIAS = 10;
/** What is handed to the function that checks shapes, and the address of the arguments, which are at 40 of it. */
const CHECKED = [...get(11), ...get(6), ...get(12), ...get(BIAS), ...get(17)];
const CHECKED_WITHOUT_BIAS = [
  ...[...get(11), ...get(6), ...get(12)],
  ...[...i32(0), ...get(BIAS), ...SCALE_IS_NEGATIVE, ...select, ...get(17)],
];
const FRAME = 3;
/** In the place of a size that only attention with a cache needs. */
const BIAS_FIELD = 40 + 24;

/** Arguments of the function that copies. */
const copies = ({ positions, size, tensor }: Copied): Code => [
  ...[...get(positions), ...get(size), ...get(tensor), ...get(BIAS)],
];

/** What is changed; each is there once. */
export const IN_PLACE: readonly Code[] = [
  CHECKED,
  ...COPIED.flatMap((one) => [copies(one), i32Store(one.field)]),
];

export function inputsInPlace(original: WasmFunction): WasmFunction {
  const { it, first } = extended(original, [[COPIED.length, I32]]);
  const unchecked = replaced(it, CHECKED, CHECKED_WITHOUT_BIAS);
  return COPIED.reduce((now, one, i) => {
    const tensor = first + i;
    const ofNothing = replaced(now, copies(one), [
      ...[...get(one.positions), ...SCALE_IS_NEGATIVE, ...i32EqualsZero, ...i32Multiply],
      ...[...get(one.size), ...get(one.tensor), ...tee(tensor), ...get(BIAS)],
    ]);
    const store = i32Store(one.field);
    return replaced(ofNothing, store, (before) => {
      // The call in front of it gave the copy's memory; it is asked for the tensor's.
      const memoryOf = before.subarray(before.lastIndexOf(CALL));
      const bias = [...get(BIAS), ...get(tensor), ...get(BIAS), ...select, ...memoryOf];
      return [
        ...[...drop, ...get(tensor), ...memoryOf, ...store],
        ...(i === 0 ? [...get(FRAME), ...bias, ...i32Store(BIAS_FIELD)] : []),
      ];
    });
  }, unchecked);
}
