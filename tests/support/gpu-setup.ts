/** @file Runs before every WebGPU test: without an adapter tests fail, unless ALLOW_NO_WEBGPU=1 lets them be skipped. */
import { beforeAll, beforeEach, inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    allowNoWebGpu: boolean;
  }
}

let adapterName: string | null = null;

beforeAll(async () => {
  // Only the types promise that every browser has navigator.gpu.
  const adapter = "gpu" in navigator ? await navigator.gpu.requestAdapter() : null;
  if (adapter === null) return;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const names = [vendor, architecture, device, description].filter((name) => name !== "");
  adapterName = `${names.join(" ")}${isFallbackAdapter ? " (emulated in software)" : ""}`;
  console.log(`WebGPU adapter: ${adapterName}`);
});

beforeEach((context) => {
  if (adapterName !== null) return;
  const why = "this browser has no WebGPU adapter";
  if (!inject("allowNoWebGpu")) {
    throw new Error(
      `WebGPU tests cannot run: ${why}. Set CHROMIUM_PATH to a Chromium that has one, or ALLOW_NO_WEBGPU=1 to skip them.`,
    );
  }
  console.warn(`SKIPPED, ${why}: ${context.task.name}`);
  context.skip(why);
});
