/** @file The command line's choice of backend on this machine: told, left to itself, and asked for what is not there. */
import { afterEach, expect, it, vi } from "vitest";
import { StudioError } from "../core/errors.ts";
import { optimisationsWithout } from "../core/optimisations.ts";
import { findAdapter } from "../engine/ort/find-adapter-node.ts";
import { openRuntime } from "./backend.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("takes wasm when told to, without looking for an adapter", async () => {
  const { runtime, reason, release } = await openRuntime("wasm");
  expect([runtime.backend, runtime.device]).toEqual(["wasm", null]);
  expect(reason).toMatch(/^WebAssembly on .* because you chose it\.$/);
  release();
});

it("leaves out the optimisations that are not wanted", async () => {
  const { runtime } = await openRuntime("wasm", optimisationsWithout("chunked-attention"));
  expect(runtime.optimisations.has("chunked-attention")).toBe(false);
  expect(runtime.attentionBytes).toBeUndefined();
});

it("auto never fails, and says why it took what it took; webgpu is refused in one sentence", async () => {
  // Vulkan's loader is sent after a driver that does not exist: then a Linux machine has no adapter. On other systems
  // the driver cannot be hidden, and what the machine has decides what is expected.
  vi.stubEnv("VK_ICD_FILENAMES", "/nowhere/icd.json");
  vi.stubEnv("VK_DRIVER_FILES", "/nowhere/icd.json");
  const adapter = await findAdapter();
  if (process.platform === "linux") expect(adapter).toBeNull();
  const { runtime, reason, release } = await openRuntime("auto");
  release();
  if (adapter !== null) {
    expect(runtime.backend).toBe(adapter.isFallback ? "wasm" : "webgpu");
    expect(reason).toContain(adapter.name);
    return;
  }
  expect(runtime.backend).toBe("wasm");
  expect(reason).toContain("because this machine offers no WebGPU adapter.");
  const refusal = await openRuntime("webgpu").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StudioError);
  expect(refusal).toMatchObject({
    code: "backend-unavailable",
    message:
      "This machine offers no WebGPU adapter; install a Vulkan driver for its GPU, or use --backend wasm.",
  });
});
