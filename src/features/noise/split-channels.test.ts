/** @file Channels are cut in order, and a shape that does not fit its data is refused. */
import { describe, expect, it } from "vitest";
import { splitChannels } from "./split-channels.ts";

describe("splitChannels", () => {
  it("gives the first image's channels in order", () => {
    const data = Float32Array.from({ length: 24 }, (_, index) => index);
    const channels = splitChannels([2, 2, 2, 3], data);
    expect(channels.map(({ values }) => [...values])).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
    expect(channels[0]).toMatchObject({ width: 3, height: 2 });
  });

  it.each([[[1, 4, 2, 2]], [[4, 2, 3]], [[1, 1, 4, 2, 3]]])("refuses shape %j", (shape) => {
    expect(() => splitChannels(shape, new Float32Array(24))).toThrow(/24 values/);
  });
});
