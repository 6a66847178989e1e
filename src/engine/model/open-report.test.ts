/** @file Progress of files that come side by side. */
import { describe, expect, it } from "vitest";
import type { OpenProgress } from "../../rpc/contracts.ts";
import { OpenReport } from "./open-report.ts";

function listen() {
  const told: OpenProgress[] = [];
  return { told, report: new OpenReport((progress) => told.push(progress)) };
}

describe("OpenReport", () => {
  it("adds the files up, and knows their total once it knows each", () => {
    const { told, report } = listen();
    report.asked("text");
    report.asked("unet");
    report.came("text", 1, 10);
    report.came("unet", 5, 90);
    expect(told).toEqual([
      { stage: "download", part: "model", loaded: 1, total: 0 },
      { stage: "download", part: "model", loaded: 6, total: 100 },
    ]);
  });

  it("counts a file whose size nobody said as what came of it", () => {
    const { told, report } = listen();
    report.asked("text");
    report.asked("unet");
    report.came("text", 10, 0);
    report.arrived("text");
    report.came("unet", 45, 90);
    expect(told.at(-1)).toEqual({ stage: "download", part: "model", loaded: 55, total: 100 });
  });

  it("says what is done with the parts once all files are here", () => {
    const { told, report } = listen();
    report.asked("text");
    report.asked("unet");
    report.arrived("text");
    report.stage("session", "text_encoder");
    expect(told).toEqual([]);
    report.arrived("unet");
    report.stage("session", "unet");
    expect(told).toEqual([{ stage: "session", part: "unet", loaded: 0, total: 0 }]);
  });
});
