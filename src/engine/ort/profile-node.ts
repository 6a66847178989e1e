/** @file What onnxruntime measured of a session's runs, in Node: its WebAssembly prints the profile, and is caught at it. */
import fs from "node:fs";
import type { Session } from "./session.ts";

/**
 * Ends the profiling of a session that was made with `profile: true`.
 * @returns onnxruntime's JSON: one event a node and run, and some of the session's own
 */
export function endProfile(session: Session): string {
  const lines: string[] = [];
  // onnxruntime's glue code prints line by line with what fs.writeSync is at that moment, while nothing else can run.
  const { writeSync } = fs;
  fs.writeSync = (_: number, line: string | NodeJS.ArrayBufferView): number =>
    typeof line === "string" ? lines.push(line) : 0;
  try {
    session.endProfiling();
  } finally {
    fs.writeSync = writeSync;
  }
  return lines.join("");
}
