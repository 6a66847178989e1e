/** @file The choice of backend in every situation, and the sentence that explains it. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import { chooseBackend, type Surroundings } from "./backend.ts";
import type { AdapterFacts } from "./device.ts";

const gpu: AdapterFacts = {
  name: "NVIDIA Ampere",
  isFallback: false,
  shaderF16: true,
  subgroups: true,
};
const software: AdapterFacts = { ...gpu, name: "SwiftShader", isFallback: true };
const around = (adapter: AdapterFacts | null, crossOriginIsolated = true): Surroundings => ({
  host: "browser",
  adapter,
  crossOriginIsolated,
  cores: 4,
});

describe("auto", () => {
  it("takes WebGPU on a real adapter", () => {
    expect(chooseBackend("auto", around(gpu))).toMatchObject({
      chosen: "webgpu",
      reason: "WebGPU on NVIDIA Ampere.",
      isFallbackAdapter: false,
    });
  });

  it("takes wasm where the adapter is emulated, and says so", () => {
    const report = chooseBackend("auto", around(software));
    expect(report).toMatchObject({ chosen: "wasm", threads: 4, isFallbackAdapter: true });
    expect(report.reason).toContain("(SwiftShader) is emulated in software");
  });

  it("takes wasm where there is none; one thread where the page is not isolated", () => {
    const report = chooseBackend("auto", around(null, false));
    expect(report).toMatchObject({ chosen: "wasm", threads: 1, adapter: null });
    expect(report.reason).toBe(
      "WebAssembly on one CPU thread, because this browser offers no WebGPU adapter. The page is not cross-origin isolated, so only one thread can be used.",
    );
  });
});

describe("a preference", () => {
  it("is honoured", () => {
    expect(chooseBackend("wasm", around(gpu)).chosen).toBe("wasm");
    expect(chooseBackend("webgpu", around(software)).chosen).toBe("webgpu");
    expect(chooseBackend("webgpu", around(software)).reason).toContain("very slow");
  });

  it("for WebGPU is refused where there is none, with advice that fits the place", () => {
    const refusal = (surroundings: Surroundings) => () => chooseBackend("webgpu", surroundings);
    expect(refusal(around(null))).toThrow(StudioError);
    expect(refusal(around(null))).toThrow("This browser offers no WebGPU adapter; switch to Auto");
    expect(refusal({ ...around(null), host: "machine" })).toThrow(
      "This machine offers no WebGPU adapter; install a Vulkan driver for its GPU, or use --backend wasm.",
    );
  });

  it("never takes more than eight threads", () => {
    expect(chooseBackend("wasm", { ...around(null), cores: 64 }).threads).toBe(8);
  });
});
