/** @file y [to … to + N] += x [from … from + N] */
export const ACCUMULATE = /* wgsl */ `
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i < u.count) {
    y[u.firstY + i] += x[u.firstX + i];
  }
}
`;
