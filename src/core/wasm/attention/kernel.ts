/** @file The function that computes attention and its gradient: each thread's heads, forward or backward as the mode says. */
import { type Code, get, i32, i32And, when } from "../instructions.ts";
import { functionBody, Locals } from "../assemble.ts";
import { backward } from "./backward.ts";
import { forward } from "./forward.ts";
import { Frame } from "./frame.ts";
import { Packer } from "./pack.ts";
import { Softmax } from "./softmax.ts";
import { Tile } from "./tile.ts";

/** The arguments' address, and the thread's number. */
const PARAMETERS = 2;

export function attentionKernel(relaxed: boolean): Code {
  const locals = new Locals(PARAMETERS);
  const frame = new Frame(locals);
  const parts = {
    locals,
    frame,
    tile: new Tile(locals, relaxed),
    softmax: new Softmax(locals, relaxed),
    pack: new Packer(locals, frame.size),
  };
  // Gradients have odd numbers.
  const isGradient = [...get(frame.mode), ...i32(1), ...i32And];
  const whenNot = (condition: Code, body: Code): Code => [...condition, 0x45, ...when(body)];
  const forwardCode = forward(parts);
  const backwardCode = backward(parts, relaxed);
  return functionBody(locals, frame.read(), whenNot(isGradient, forwardCode), [
    ...isGradient,
    ...when(backwardCode),
  ]);
}
