/** @file The sum over a workgroup, as a tree: in its memory all the way, or with the last steps inside of subgroups. */

/** How a workgroup adds up: all the way as a tree in its memory, or with the last steps in subgroups. */
export const REDUCTIONS = ["tree", "subgroups"] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** WGSL of `sumOfWorkgroup`, for WORKGROUP invocations. */
export function sumOfWorkgroup(reduction: Reduction): string {
  const last = /* wgsl */ `
  workgroupBarrier();
  // Every subgroup does the same, so that invocation 0 may be in any of them.
  var sum = sums[lane];
  for (var width = size / 2; width > 0; width /= 2) {
    sum.squares += subgroupShuffleXor(sum.squares, width);
    sum.nonFinite += subgroupShuffleXor(sum.nonFinite, width);
  }
  return sum;`;
  return /* wgsl */ `
// All ones in an infinity or NaN, and in nothing else.
const EXPONENT = 0x7f800000u;

struct Sum {
  squares: f32,
  nonFinite: u32,
}

var<workgroup> sums: array<Sum, WORKGROUP>;

// The sum over the workgroup, in invocation 0.
fn sumOfWorkgroup(thread: u32, lane: u32, size: u32, squares: vec4f, nonFinite: vec4u) -> Sum {
  sums[thread] = Sum(
    (squares.x + squares.y) + (squares.z + squares.w),
    nonFinite.x + nonFinite.y + nonFinite.z + nonFinite.w,
  );
  for (var width = WORKGROUP / 2u; width >= size; width /= 2) {
    workgroupBarrier();
    if (thread < width) {
      sums[thread].squares += sums[thread + width].squares;
      sums[thread].nonFinite += sums[thread + width].nonFinite;
    }
  }${reduction === "tree" ? "\n  return sums[thread];" : last}
}
${reduction === "tree" ? "// Alone, each in a subgroup of its own.\nconst lane = 0u;\nconst size = 1u;" : ""}
`;
}

/** What `main` takes for it beside `thread`. */
export function subgroupParameters(reduction: Reduction): string {
  return reduction === "tree"
    ? ""
    : "@builtin(subgroup_invocation_id) lane: u32, @builtin(subgroup_size) size: u32,";
}
