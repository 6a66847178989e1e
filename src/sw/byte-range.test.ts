/** @file Ranges of a file as RFC 9110 has them. */
import { describe, expect, it } from "vitest";
import { byteRange, partOf } from "./byte-range.ts";

describe("byteRange", () => {
  it.each([
    ["bytes=0-3", [0, 4]],
    ["bytes=4-", [4, 10]],
    ["bytes=-3", [7, 10]],
    ["bytes=-30", [0, 10]],
    ["bytes=8-20", [8, 10]],
    ["bytes = 0-1", [0, 10]],
    ["bytes=0-1,4-5", [0, 10]],
    ["bytes=10-", null],
    ["bytes=5-4", null],
    ["bytes=-0", null],
  ])("%s of ten bytes", (header, range) => {
    expect(byteRange(header, 10)).toEqual(range);
  });
});

describe("partOf", () => {
  const whole = () =>
    new Response("0123456789", { headers: { "Content-Type": "text/x", "Content-Length": "10" } });

  it("answers with the part, and says which", async () => {
    const part = await partOf(whole(), "bytes=2-4");
    expect(part.status).toBe(206);
    expect(Object.fromEntries(part.headers)).toEqual({
      "content-type": "text/x",
      "content-length": "3",
      "content-range": "bytes 2-4/10",
    });
    expect(await part.text()).toBe("234");
  });

  it("refuses what is not there", async () => {
    const part = await partOf(whole(), "bytes=10-12");
    expect(part.status).toBe(416);
    expect(part.headers.get("content-range")).toBe("bytes */10");
  });
});
