/**
 * @file Gradients of the packed key/value projection.
 *
 *   dW [E, S] += c'ᵀ [E, R] · dKV' [R, S]
 *   dc [R, E]  = dKV' [R, S] · Wᵀ [S, E]
 *
 * ' takes position 0 of every sample (the start token) as zero, whatever it holds: 0 · ∞ would not be.
 */
const DETACHED = /* wgsl */ `
fn detached(row: u32) -> bool {
  return row % u.tokens == 0;
}
`;

export const WEIGHT_GRADIENT = /* wgsl */ `
${DETACHED}
fn left(e: u32, row: u32) -> Element {
  return select(c[(row * u.rows + e) / LANES], Element(0), detached(row));
}

fn right(row: u32, column: u32) -> Element {
  return select(GRADIENT_SCALE * dKv[(row * u.columns + column) / LANES], Element(0), detached(row));
}

fn put(split: u32, e: u32, column: u32, value: Element) {
  dW[(e * u.columns + column) / LANES] += value * (1.0 / GRADIENT_SCALE);
}
`;

/** S is long and R · E is few tiles: stretches of S are summed apart, for more workgroups and shorter sums. */
export const TEXT_GRADIENT = /* wgsl */ `
${DETACHED}
fn left(row: u32, column: u32) -> Element {
  return select(GRADIENT_SCALE * dKv[(row * u.depth + column) / LANES], Element(0), detached(row));
}

fn right(column: u32, e: u32) -> Element {
  return w[(e * u.depth + column) / LANES];
}

fn put(split: u32, row: u32, e: u32, value: Element) {
  partials[((split * u.rows + row) * u.columns + e) / LANES] = value * (1.0 / GRADIENT_SCALE);
}
`;

/** dc = sum of the stretches, always in the same order. */
export const SUM_OF_SPLITS = /* wgsl */ `
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
  var sum = 0.0;
  for (var split = 0u; split < u.splits; split++) {
    sum += partials[split * u.count + i];
  }
  dC[i] = sum;
}
`;
