/**
 * @file The loss scale's bookkeeping after a step (Micikevicius et al., arXiv 1710.03740; torch.amp.GradScaler).
 *
 *   skipped:  scale ← scale · backoff,  good ← 0,  skipped ← skipped + 1
 *   applied:  good ← good + 1,  step ← step + 1;  at the interval  scale ← scale · growth,  good ← 0
 *
 * A scale that would leave 2^-120 … 2^120 stays as it is: beyond 2^±126 WGSL promises nothing about the quotients that
 * the verdict takes by it, and an infinite scale would never come back.
 */
import { VERDICT } from "../gradient-norm/kernel.wgsl.ts";

/** What is kept. The scale comes first, where the verdict of the next step reads it. */
export const STATE = /* wgsl */ `
struct State {
  lossScale: f32,
  goodSteps: u32,
  skipped: u32,
  step: u32,
}
`;

/** One invocation. */
export const LOSS_SCALE = /* wgsl */ `
${VERDICT}
${STATE}

@compute @workgroup_size(1)
fn main() {
  if (verdict.skip != 0) {
    state.skipped += 1;
    state.goodSteps = 0;
    if (state.lossScale >= u.leastToBackOff) {
      state.lossScale *= u.backoffFactor;
    }
    return;
  }
  state.step += 1;
  state.goodSteps += 1;
  if (state.goodSteps >= u.growthInterval) {
    state.goodSteps = 0;
    if (state.lossScale <= u.mostToGrow) {
      state.lossScale *= u.growthFactor;
    }
  }
}
`;
