/** @file Views say where each element of a moved tensor comes from, and are equal where tensors are. */
import { describe, expect, it } from "vitest";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { reshapedView, type StridedView, transposedView, wholeView } from "./strided-view.ts";

/** Places in the source, in the order of the view's elements. */
function places(view: StridedView): number[] {
  return view
    .flat()
    .reduce(
      (starts, { size, stride }) =>
        starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * stride)),
      [0],
    );
}

describe("views", () => {
  it("of a tensor as it lies run through it", () => {
    const dims = [2, 1, 3, 4];
    expect(places(wholeView(dims))).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(wholeView(dims)[1]).toEqual([]);
  });

  it("follow transposes and reshapes that cut and join axes", () => {
    // [2, 3, 4] to [4, 2, 3], read as [2, 2, 6]: element (a, b, c) is source (c / 3, c % 3, 2 a + b).
    const view = reshapedView(transposedView(wholeView([2, 3, 4]), [2, 0, 1]), [2, 2, 6])!;
    const expected = Array.from({ length: 24 }, (_, at) => {
      const [outer, c] = [Math.floor(at / 6), at % 6];
      return Math.floor(c / 3) * 12 + (c % 3) * 4 + outer;
    });
    expect(places(view)).toEqual(expected);
    expect(view.map((runs) => elementCount(runs.map(({ size }) => size)))).toEqual([2, 2, 6]);
  });

  it("are the same for a detour", () => {
    const whole = wholeView([2, 12]);
    const there = reshapedView(whole, [2, 3, 4])!;
    const back = transposedView(transposedView(there, [0, 2, 1]), [0, 2, 1]);
    expect(reshapedView(back, [2, 12])).toEqual(whole);
  });

  it.each<[Dims, Dims]>([
    [
      [2, 3],
      [2, 3],
    ],
    [
      [4, 6],
      [8, 3],
    ],
  ])(
    "of %j transposed cannot be read as %j where an axis would begin inside of a run",
    (dims, to) => {
      const turned = transposedView(wholeView(dims), [1, 0]);
      const possible = reshapedView(turned, to);
      // 3 elements of an axis of 2 or 4 that lie apart: there is no stride for them.
      expect(possible).toBeUndefined();
    },
  );
});
