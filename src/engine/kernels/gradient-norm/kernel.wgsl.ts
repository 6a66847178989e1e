/**
 * @file The Euclidean norm of a gradient, and what follows from it for the step.
 *
 *   Σ g²  over the elements that are finite, and the number of those that are not
 *   norm       = √(Σ g²) / lossScale
 *   multiplier = min(1, limit / (norm + 1e-6)) / lossScale     (torch.nn.utils.clip_grad_norm_)
 *   skip       = an element, or Σ g², is not finite
 *
 * Sums are taken as a tree: every invocation keeps four sums of a few elements, and adds them in pairs; the workgroup
 * halves its 256 sums eight times; a second kernel does the same with what the workgroups give. The last halvings can go
 * from invocation to invocation of a subgroup instead of by way of workgroup memory and its barriers: the same pairs are
 * added, so the result is the same to the last bit, whatever the subgroups' size and their order. No element goes
 * through more than 30 roundings where there are 20 million, so √Σ is right to 1e-6 at the very worst. A compensated
 * sum would need a promise that no compiler reorders it, which WGSL does not make. The order is always the same.
 *
 * Compilers may assume that no float is an infinity or NaN, so elements come as bits, and are judged as such.
 */
import { type Reduction, subgroupParameters, sumOfWorkgroup } from "./sum.wgsl.ts";

/** What update kernels read about the step. */
export const VERDICT = /* wgsl */ `
struct Verdict {
  norm: f32,
  multiplier: f32,
  skip: u32,
  nonFinite: u32,
}
`;

export const partialSumsSource = (reduction: Reduction): string => /* wgsl */ `
${sumOfWorkgroup(reduction)}
// Bits of an element; those of 0 behind the end.
fn bitsOf(i: u32) -> u32 {
  if (i < u.count) {
    return gradient[i];
  }
  return 0;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
  ${subgroupParameters(reduction)}
) {
  let chunk = group.y * groups.x + group.x;
  let first = chunk * CHUNK + thread;
  var squares = vec4f(0);
  var nonFinite = vec4u(0);
  for (var i = first; i < first + CHUNK; i += 4 * WORKGROUP) {
    let bits = vec4u(
      bitsOf(i), bitsOf(i + WORKGROUP), bitsOf(i + 2 * WORKGROUP), bitsOf(i + 3 * WORKGROUP),
    );
    let finite = (bits & vec4u(EXPONENT)) != vec4u(EXPONENT);
    let x = select(vec4f(0), bitcast<vec4f>(bits), finite);
    squares += x * x;
    nonFinite += select(vec4u(1), vec4u(0), finite);
  }
  let sum = sumOfWorkgroup(thread, lane, size, squares, nonFinite);
  if (thread == 0 && chunk < u.chunks) {
    partials[u.firstPartial + chunk] = sum;
  }
}
`;

/** One workgroup. */
export const normVerdictSource = (reduction: Reduction): string => /* wgsl */ `
${sumOfWorkgroup(reduction)}
${VERDICT}
fn partial(i: u32) -> Sum {
  if (i < u.partials) {
    return partials[i];
  }
  return Sum(0, 0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) thread: u32, ${subgroupParameters(reduction)}) {
  var squares = vec4f(0);
  var nonFinite = vec4u(0);
  for (var i = thread; i < u.partials; i += 4 * WORKGROUP) {
    let a = partial(i);
    let b = partial(i + WORKGROUP);
    let c = partial(i + 2 * WORKGROUP);
    let d = partial(i + 3 * WORKGROUP);
    squares += vec4f(a.squares, b.squares, c.squares, d.squares);
    nonFinite += vec4u(a.nonFinite, b.nonFinite, c.nonFinite, d.nonFinite);
  }
  let sum = sumOfWorkgroup(thread, lane, size, squares, nonFinite);
  if (thread == 0) {
    let norm = sqrt(sum.squares) / lossScale;
    var multiplier = 1 / lossScale;
    if (norm + 1e-6 > u.limit) {
      multiplier *= u.limit / (norm + 1e-6);
    }
    let overflow = (bitcast<u32>(sum.squares) & EXPONENT) == EXPONENT;
    verdict = Verdict(norm, multiplier, u32(sum.nonFinite > 0 || overflow), sum.nonFinite);
  }
}
`;
