/** @file Functions taken out of onnxruntime's file and run alone: as they came, and as we have them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { hasRelaxedSimd } from "../../src/engine/ort/relaxed-simd.ts";
import { accelerate, type Part } from "../../src/core/wasm/accelerate.ts";
import { fusedKernel } from "../../src/core/wasm/fused-kernel.ts";
import { I32 } from "../../src/core/wasm/instructions.ts";
import { leb } from "../../src/core/wasm/leb128.ts";
import { changeFunctions } from "../../src/core/wasm/module.ts";
import type { Target } from "../../src/core/wasm/target.ts";

// V8 11, of Node 20, has relaxed SIMD behind a flag.
if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

export function readWasm(name = "ort-wasm-simd-threaded.wasm"): Uint8Array {
  return readFileSync(fileURLToPath(import.meta.resolve(`onnxruntime-web/${name}`)));
}

export type Kernel = (...parameters: number[]) => number;

/** What the functions read and write. */
export const memory = new WebAssembly.Memory({ initial: 48 });

/** The functions that a part changes: as they came, and changed, in the order of the file. */
export function changedFunctions(
  part: Part,
  relaxed: boolean,
): { readonly before: Kernel; readonly after: Kernel }[] {
  const original = readWasm();
  const changed = accelerate(original, { relaxed, tall: relaxed, parts: [part] });
  if (changed.parts.length === 0) throw new Error(`onnxruntime's file has no ${part} that we know`);
  const [before, after] = [functions(original), functions(changed.bytes)];
  return before.flatMap((old, i) => {
    const { type, body } = after[i]!;
    if (Buffer.compare(old.body, body) === 0) return [];
    return [{ before: functionAlone(type, old.body), after: functionAlone(type, body) }];
  });
}

function functions(module: Uint8Array): { type: Uint8Array; body: Uint8Array }[] {
  const found: { type: Uint8Array; body: Uint8Array }[] = [];
  changeFunctions(module, (it) => {
    found.push(it);
    return null;
  });
  return found;
}

/** The first of some functions that call no others, with that memory; all are of one type. */
function functionAlone(type: Uint8Array, ...bodies: readonly Uint8Array[]): Kernel {
  const section = (id: number, content: readonly number[]): number[] => [
    ...[id, ...leb(content.length)],
    ...content,
  ];
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, ...type]),
    // Import of a memory m.m of at least one page.
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]),
    ...section(3, [bodies.length, ...bodies.map(() => 0)]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [bodies.length, ...bodies.flatMap((body) => [...leb(body.length), ...body])]),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: memory } });
  return exports["f"] as Kernel;
}

/** The engines that there is code for. */
export const TARGETS: readonly (Target & { readonly engine: string })[] = [
  { engine: "without relaxed SIMD", relaxed: false, tall: false },
  { engine: "of Node 20", relaxed: true, tall: false },
  { engine: "with relaxed SIMD", relaxed: true, tall: true },
  { engine: "with wide vectors", relaxed: true, tall: true, wide: true },
];

/** The studio's own function, with those that it calls. */
export function fusedAlone(target: Target): Kernel {
  const { body, more } = fusedKernel(target, 1);
  const bodies = [body, ...more].map((one) => Uint8Array.from(one));
  return functionAlone(Uint8Array.from([2, I32, I32, 0]), ...bodies);
}
