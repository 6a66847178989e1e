/**
 * @file The functions behind the fused operators, and the one that calls what the scale asks for. Each is a function of its
 * own: V8 compiles and tiers them up one by one, and one of more than 8,192 virtual registers would get a register allocator
 * whose code runs 1.6 times as long.
 */
import { assign, functionBody, Locals } from "./assemble.ts";
import { backward } from "./attention/backward.ts";
import { Bounded } from "./attention/bounded.ts";
import { forward, type Parts } from "./attention/forward.ts";
import { Frame } from "./attention/frame.ts";
import { Packer } from "./attention/pack.ts";
import { Softmax } from "./attention/softmax.ts";
import { Tile } from "./attention/tile.ts";
import { DirectConvolution } from "./convolution/direct.ts";
import { PointwiseConvolution } from "./convolution/pointwise.ts";
import { TiledConvolution } from "./convolution/tiled.ts";
import { Dense } from "./dense.ts";
import { ARGUMENTS, type Mode, MODES, THREAD, word } from "./fused-call.ts";
import { GatedGelu } from "./gated-gelu.ts";
import { GroupNorm } from "./group-norm.ts";
import {
  call,
  type Code,
  get,
  giveBack,
  i32,
  i32Equal,
  i32ShiftRightUnsigned,
  when,
} from "./instructions.ts";
import { LayerNorm } from "./layer-norm.ts";
import { NormGroup } from "./norm-group.ts";
import { QuickGelu } from "./quick-gelu.ts";
import type { Target } from "./target.ts";

/** The arguments' address, and the thread's number; the same for all of them. */
const PARAMETERS = 2;

/** Code of one mode or of several alike, given its locals and what the engine is good at. */
interface Operator {
  readonly modes: readonly Mode[];
  code(locals: Locals, target: Target): Code;
}

const OPERATORS: readonly Operator[] = [
  {
    modes: ["gatedGelu"],
    code: (locals, { relaxed }) => new GatedGelu(locals, relaxed).forward(),
  },
  {
    modes: ["gatedGeluGradient"],
    code: (locals, { relaxed }) => new GatedGelu(locals, relaxed).backward(),
  },
  {
    modes: ["quickGelu"],
    code: (locals, { relaxed }) => new QuickGelu(locals, relaxed).forward(),
  },
  {
    modes: ["quickGeluGradient"],
    code: (locals, { relaxed }) => new QuickGelu(locals, relaxed).backward(),
  },
  {
    modes: ["tiledConvolution"],
    code: (locals, { relaxed }) =>
      new TiledConvolution(locals, new Tile(locals, { relaxed }), relaxed).forward(),
  },
  {
    modes: ["directConvolution"],
    code: (locals, { relaxed }) =>
      new DirectConvolution(locals, new Tile(locals, { relaxed })).forward(),
  },
  {
    modes: ["groupNorm"],
    code: (locals, { relaxed }) => new GroupNorm(locals, new NormGroup(locals), relaxed).forward(),
  },
  {
    modes: ["groupNormGradient"],
    code: (locals, { relaxed }) => new GroupNorm(locals, new NormGroup(locals), relaxed).backward(),
  },
  {
    modes: ["layerNorm"],
    code: (locals, { relaxed }) => new LayerNorm(locals, new NormGroup(locals), relaxed).forward(),
  },
  {
    modes: ["layerNormGradient"],
    code: (locals, { relaxed }) => new LayerNorm(locals, new NormGroup(locals), relaxed).backward(),
  },
  { modes: ["dense"], code: (locals, target) => new Dense(locals, target).forward() },
  {
    modes: ["pointwiseConvolution"],
    code: (locals, { relaxed }) =>
      new PointwiseConvolution(locals, new Tile(locals, { relaxed })).forward(),
  },
  {
    modes: ["self", "cross"],
    code: (locals, target) => withFrame(locals, target, forward),
  },
  {
    modes: ["selfGradient", "crossGradient"],
    code: (locals, target) => withFrame(locals, target, (parts) => backward(parts, target.relaxed)),
  },
];

export interface FusedKernel {
  readonly body: Code;
  /** Bodies of the functions that it calls, of the same type. */
  readonly more: readonly Code[];
}

/** @param next the number that the first of its functions gets */
export function fusedKernel(target: Target, next: number): FusedKernel {
  const locals = new Locals(PARAMETERS);
  const mode = locals.int();
  const calls = OPERATORS.flatMap(({ modes }, i) =>
    modes.map((one): Code => [
      ...[...get(mode), ...i32(MODES[one]), ...i32Equal],
      ...when([...get(ARGUMENTS), ...get(THREAD), ...call(next + i)], giveBack),
    ]),
  );
  const asked = assign(mode, [...word, ...i32(20), ...i32ShiftRightUnsigned]);
  return {
    body: functionBody(locals, asked, ...calls),
    more: OPERATORS.map((operator) => {
      const own = new Locals(PARAMETERS);
      return functionBody(own, operator.code(own, target));
    }),
  };
}

function withFrame(
  locals: Locals,
  { relaxed, wide = false }: Target,
  pass: (parts: Parts) => Code,
): Code {
  const height = wide ? 8 : 4;
  const frame = new Frame(locals, height);
  const tile = new Tile(locals, { relaxed, height });
  const parts: Parts = {
    ...{ locals, frame, tile, square: new Tile(locals, { relaxed }, tile) },
    softmax: new Softmax(locals, relaxed),
    bounded: new Bounded(locals, relaxed),
    pack: new Packer(locals, frame.size, height),
  };
  const mode = assign(frame.mode, [...word, ...i32(20), ...i32ShiftRightUnsigned]);
  const code = pass(parts);
  return [...mode, ...frame.read(), ...code];
}
