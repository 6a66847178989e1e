/**
 * @file What a chain of Reshapes and Transposes makes of a tensor: for each axis of the result, the parts of the source's
 * axes that it runs over. Two chains that give the same view give the same tensor.
 */
import type { Dims } from "../tensor/shape.ts";

/** `size` steps of `stride` elements in the source. */
export interface Run {
  readonly size: number;
  readonly stride: number;
}

/** For each axis its runs, outermost first; none where the axis has one element. */
export type StridedView = readonly (readonly Run[])[];

/** The tensor as it lies. */
export function wholeView(dims: Dims): StridedView {
  let stride = 1;
  return dims
    .toReversed()
    .map((size) => {
      const run = { size, stride };
      stride *= size;
      return joined([run]);
    })
    .toReversed();
}

export function transposedView(view: StridedView, perm: readonly number[]): StridedView {
  return perm.map((axis) => view[axis] ?? []);
}

/** Undefined where an axis would begin inside of a run that it does not divide. */
export function reshapedView(view: StridedView, dims: Dims): StridedView | undefined {
  const runs = view.flat();
  const axes: (readonly Run[])[] = [];
  // From the innermost axis outwards, for whose sizes runs are taken, or cut.
  for (const dim of dims.toReversed()) {
    const axis: Run[] = [];
    for (let rest = dim; rest > 1;) {
      const run = runs.pop();
      if (run === undefined) return undefined;
      const { size, stride } = run;
      if (rest % size === 0) {
        axis.unshift(run);
        rest /= size;
      } else if (size % rest === 0) {
        axis.unshift({ size: rest, stride });
        runs.push({ size: size / rest, stride: stride * rest });
        rest = 1;
      } else return undefined;
    }
    axes.unshift(joined(axis));
  }
  return axes;
}

/** Runs of one element left out, and those together that are one after the other. */
export function joined(runs: readonly Run[]): readonly Run[] {
  const out: Run[] = [];
  for (const run of runs) {
    const before = out.at(-1);
    if (run.size === 1) continue;
    if (before?.stride === run.size * run.stride) {
      out[out.length - 1] = { size: before.size * run.size, stride: run.stride };
    } else out.push(run);
  }
  return out;
}
