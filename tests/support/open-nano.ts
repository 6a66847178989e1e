/** @file The nano model as the engine's jobs have it open in a browser, on WebAssembly. */
import { OpenModel } from "../../src/engine/jobs/open-model.ts";
import { readModel } from "../../src/engine/model/read-model.ts";
import { browserRuntime } from "../../src/engine/ort/runtime-browser.ts";
import { Pipeline } from "../../src/engine/sample/pipeline.ts";
import { nanoFiles } from "./nano-files.ts";

export async function openNano(): Promise<OpenModel> {
  const runtime = await browserRuntime(null, 1);
  const model = await readModel("nano", await nanoFiles("dynamo"));
  const report = {
    chosen: "wasm",
    reason: "for this test",
    adapter: null,
    isFallbackAdapter: false,
    threads: 1,
    crossOriginIsolated: true,
  } as const;
  return new OpenModel(model, runtime, report, await Pipeline.open(model, runtime));
}
