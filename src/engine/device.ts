/** @file The WebGPU adapter and the one device that onnxruntime and our own kernels share. */
import { StudioError } from "../core/errors.ts";

export interface AdapterFacts {
  readonly name: string;
  /** True for a software rasteriser (SwiftShader, WARP), which is far slower than WebAssembly here. */
  readonly isFallback: boolean;
  readonly shaderF16: boolean;
  readonly subgroups: boolean;
}

/**
 * The adapter that WebGPU would compute on; null where there is no WebGPU or no adapter.
 * @param gpu the browser's unless given
 */
export async function requestAdapter(gpu = browserGpu()): Promise<GPUAdapter | null> {
  return (await gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
}

/** It is typed as always there, and is missing in browsers without WebGPU and on insecure pages. */
function browserGpu(): GPU | undefined {
  return (navigator as { readonly gpu?: GPU }).gpu;
}

export function adapterFacts(adapter: GPUAdapter): AdapterFacts {
  const { vendor, architecture, description, device } = adapter.info;
  const name = [description, [vendor, architecture].filter(Boolean).join(" "), device].find(
    Boolean,
  );
  const software = /swiftshader|llvmpipe|basic render|warp/i;
  return {
    name: name ?? "unnamed adapter",
    isFallback:
      adapter.info.isFallbackAdapter ||
      software.test(`${vendor} ${architecture} ${description} ${device}`),
    shaderF16: adapter.features.has("shader-f16"),
    subgroups: adapter.features.has("subgroups"),
  };
}

/** Limits onnxruntime would ask for on a device of its own; ours must carry them too. */
const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBuffersPerShaderStage",
] as const;

const FEATURES: readonly GPUFeatureName[] = ["shader-f16", "subgroups", "timestamp-query"];

/**
 * A device with everything the adapter has of what onnxruntime uses.
 * @throws StudioError "backend-unavailable" where the driver gives none
 */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const limit of LIMITS) requiredLimits[limit] = adapter.limits[limit];
  try {
    return await adapter.requestDevice({
      label: "studio",
      requiredLimits,
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    });
  } catch (cause) {
    throw new StudioError(
      "backend-unavailable",
      "The GPU driver refused a WebGPU device; close what else uses the GPU and try again, or switch to WASM.",
      { cause },
    );
  }
}
