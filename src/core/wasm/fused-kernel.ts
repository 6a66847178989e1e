/** @file The function behind every fused operator: what the scale asks for, this thread's share of it. */
import {
  type Code,
  get,
  giveBack,
  i32,
  i32And,
  i32Equal,
  i32ShiftRightUnsigned,
  when,
  whenElse,
} from "./instructions.ts";
import { assign, functionBody, Locals } from "./assemble.ts";
import { DirectConvolution } from "./convolution/direct.ts";
import { TiledConvolution } from "./convolution/tiled.ts";
import { backward } from "./attention/backward.ts";
import { forward } from "./attention/forward.ts";
import { Bounded } from "./attention/bounded.ts";
import { Frame } from "./attention/frame.ts";
import { Packer } from "./attention/pack.ts";
import { Softmax } from "./attention/softmax.ts";
import { Tile } from "./attention/tile.ts";
import { Dense } from "./dense.ts";
import { type Mode, MODES, word } from "./fused-call.ts";
import { GatedGelu } from "./gated-gelu.ts";
import { GroupNorm } from "./group-norm.ts";
import { LayerNorm } from "./layer-norm.ts";
import { NormGroup } from "./norm-group.ts";
import { QuickGelu } from "./quick-gelu.ts";

/** The arguments' address, and the thread's number. */
const PARAMETERS = 2;

export function fusedKernel(relaxed: boolean): Code {
  const locals = new Locals(PARAMETERS);
  const frame = new Frame(locals);
  const parts = {
    locals,
    frame,
    tile: new Tile(locals, relaxed),
    softmax: new Softmax(locals, relaxed),
    bounded: new Bounded(locals, relaxed),
    pack: new Packer(locals, frame.size),
  };
  const gelu = new GatedGelu(locals, relaxed);
  const quickGelu = new QuickGelu(locals, relaxed);
  const tiled = new TiledConvolution(locals, parts.tile, relaxed);
  const direct = new DirectConvolution(locals, parts.tile);
  const group = new NormGroup(locals);
  const groupNorm = new GroupNorm(locals, group, relaxed);
  const layerNorm = new LayerNorm(locals, group, relaxed);
  const dense = new Dense(locals, relaxed);
  const forwardCode = forward(parts);
  const backwardCode = backward(parts, relaxed);
  const isMode = (mode: Mode): Code => [...get(frame.mode), ...i32(MODES[mode]), ...i32Equal];
  // What is left is attention, whose gradients have odd numbers.
  const isGradient: Code = [...get(frame.mode), ...i32(1), ...i32And];
  return functionBody(
    locals,
    assign(frame.mode, [...word, ...i32(20), ...i32ShiftRightUnsigned]),
    [...isMode("gatedGelu"), ...when(gelu.forward(), giveBack)],
    [...isMode("gatedGeluGradient"), ...when(gelu.backward(), giveBack)],
    [...isMode("quickGelu"), ...when(quickGelu.forward(), giveBack)],
    [...isMode("quickGeluGradient"), ...when(quickGelu.backward(), giveBack)],
    [...isMode("tiledConvolution"), ...when(tiled.forward(), giveBack)],
    [...isMode("directConvolution"), ...when(direct.forward(), giveBack)],
    [...isMode("groupNorm"), ...when(groupNorm.forward(), giveBack)],
    [...isMode("groupNormGradient"), ...when(groupNorm.backward(), giveBack)],
    [...isMode("layerNorm"), ...when(layerNorm.forward(), giveBack)],
    [...isMode("layerNormGradient"), ...when(layerNorm.backward(), giveBack)],
    [...isMode("dense"), ...when(dense.forward(), giveBack)],
    frame.read(),
    [...isGradient, ...whenElse(backwardCode, forwardCode)],
  );
}
