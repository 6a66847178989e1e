/**
 * @file AdamW (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2) in the order of torch.optim.AdamW.
 *
 *   p ← p (1 - lr λ)
 *   m ← m + (1 - β1) (g - m)       v ← β2 v + (1 - β2) g²
 *   p ← p - lr / (1 - β1^t) · m / (√v / √(1 - β2^t) + ε)
 *
 * The corrections 1 - β1^t and √(1 - β2^t) come as a table from the CPU, which has float64; t is one more than the updates
 * that the GPU has counted.
 *
 * with g = multiplier · gradient. A step that is to be skipped changes nothing; the gradient is cleared either way.
 */
import { VERDICT } from "../gradient-norm/kernel.wgsl.ts";
import { STATE } from "../loss-scale/kernel.wgsl.ts";

export const ADAMW = /* wgsl */ `
${VERDICT}
${STATE}
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= u.count) {
    return;
  }
  if (verdict.skip == 0) {
    let g = verdict.multiplier * gradient[i];
    let first = m[i] + u.oneMinusBeta1 * (g - m[i]);
    let second = u.beta2 * v[i] + u.oneMinusBeta2 * g * g;
    let corrections = table[state.step - u.firstStep];
    let denominator = sqrt(second) / corrections.y + u.epsilon;
    m[i] = first;
    v[i] = second;
    values[i] = u.keep * values[i] - (u.learningRate / corrections.x) * (first / denominator);
  }
  gradient[i] = 0;
}
`;
