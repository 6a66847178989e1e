/** @file Formatting at the edges where units and digits change. */
import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration } from "./format.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_951, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [97_412_000, "97.4 MB"],
    [2.5e15, "2500 TB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatCount", () => {
  it("groups digits", () => {
    expect(formatCount(1_142_784)).toBe("1,142,784");
  });
});

describe("formatDuration", () => {
  it.each([
    [12.4, "12 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [9949, "9.9 s"],
    [9951, "10 s"],
    [119_400, "119 s"],
    [125_000, "2 min 5 s"],
  ])("%d milliseconds are %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});
