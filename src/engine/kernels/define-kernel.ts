/**
 * @file A kernel as a value: WGSL, what it binds, its numbers, and how exact it is. Bindings, uniforms and constants are
 * declared here only, and their WGSL is written from that, so that the two sides cannot disagree.
 */
import type { Grid } from "./grid.ts";

/** How far a result may lie from its float64 twin: |got - expected| <= atol · terms + rtol · |expected|. */
export interface Tolerance {
  readonly rtol: number;
  /** For each term of the sum that a result is; 1 where it is none. */
  readonly atol: number;
  readonly why: string;
}

/** What not every GPU has, by WebGPU's name, and how WGSL enables it. */
const ENABLED = { subgroups: "subgroups", "shader-f16": "f16" } as const;
type KernelFeature = keyof typeof ENABLED;

/** "read" or "read_write", and the WGSL type. */
export type Binding = readonly [access: "read" | "read_write", type: string];

/** Scalars only, so that the layout of a uniform is one word after the other. */
export type Scalar = "u32" | "f32";

export interface KernelSpec<B extends string, U extends string> {
  readonly label: string;
  /** WGSL with an entry point `main`; it reads uniforms as `u.name`. */
  readonly source: string;
  readonly bindings: Readonly<Record<B, Binding>>;
  readonly uniforms: Readonly<Record<U, Scalar>>;
  /** Numbers that are fixed when the kernel is compiled: sizes of workgroups and tiles. */
  readonly constants: Readonly<Record<string, number>>;
  /** What the device must have; nothing unless given. */
  readonly features?: readonly KernelFeature[];
  readonly tolerance: Tolerance;
}

export interface Kernel<B extends string = string, U extends string = string> {
  readonly label: string;
  /** The whole WGSL module; it also identifies the kernel. */
  readonly code: string;
  readonly bindings: Readonly<Record<B, Binding>>;
  readonly uniforms: Readonly<Record<U, Scalar>>;
  readonly features: readonly KernelFeature[];
  readonly tolerance: Tolerance;
}

/** The uniforms are binding 0, storage buffers follow in the order they are listed in. */
export function defineKernel<B extends string, U extends string>({
  label,
  source,
  bindings,
  uniforms,
  constants,
  features = [],
  tolerance,
}: KernelSpec<B, U>): Kernel<B, U> {
  const fields = Object.entries<Scalar>(uniforms).map(([name, type]) => `  ${name}: ${type},`);
  const lines = [
    ...features.map((feature) => `enable ${ENABLED[feature]};`),
    ...Object.entries(constants).map(([name, value]) => `const ${name} = ${String(value)};`),
    "struct Uniforms {",
    ...fields,
    "}",
    "@group(0) @binding(0) var<uniform> u: Uniforms;",
    ...Object.entries<Binding>(bindings).map(
      ([name, [access, type]], i) =>
        `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name}: ${type};`,
    ),
  ];
  const code = `${lines.join("\n")}\n${source}`;
  return { label, code, bindings, uniforms, features, tolerance };
}

/** Whether the device was made with all that the kernels need. */
export function runsOn(
  { features }: Pick<GPUDevice, "features">,
  kernels: readonly Kernel[],
): boolean {
  return kernels.every((kernel) => kernel.features.every((feature) => features.has(feature)));
}

/** One launch of a kernel. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly buffers: Readonly<Record<string, GPUBuffer>>;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly grid: Grid;
}

/** A launch whose buffers and uniforms are exactly those that the kernel names. */
export function dispatch<B extends string, U extends string>(
  kernel: Kernel<B, U>,
  buffers: Readonly<Record<B, GPUBuffer>>,
  uniforms: Readonly<Record<U, number>>,
  grid: Grid,
): Dispatch {
  return { kernel, buffers, uniforms, grid };
}

/** The values of the uniforms as the WGSL struct lays them out. */
export function packUniforms({ kernel, uniforms }: Dispatch): Uint8Array<ArrayBuffer> {
  const fields = Object.entries(kernel.uniforms);
  const view = new DataView(new ArrayBuffer(4 * fields.length));
  fields.forEach(([name, type], i) => {
    const value = uniforms[name] ?? NaN;
    if (type === "u32") view.setUint32(4 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}
