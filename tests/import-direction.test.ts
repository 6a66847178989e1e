/** @file The lint rule on who may import whom says no where it should, and only there. */
import { ESLint } from "eslint";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import tseslint from "typescript-eslint";

const root = path.dirname(import.meta.dirname);
let eslint: ESLint;

beforeAll(() => {
  // The probes are not on disk, so rules that need types are left out.
  eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] });
});

async function complaints(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(root, file) });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId ?? "syntax");
}

describe("the import direction", () => {
  it.each([
    ["src/core/probe.ts", 'import { a } from "../engine/engine.ts";\nexport const b = a;'],
    ["src/core/probe.ts", 'import type { A } from "../rpc/contracts.ts";\nexport type B = A;'],
    ["src/core/probe.ts", 'export { a } from "../rpc/contracts.ts";'],
    ["src/core/onnx/probe.ts", 'export { a } from "../../hub/fetch-files.ts";'],
    ["src/engine/probe.ts", 'export { a } from "../rpc/client.ts";'],
    ["src/engine/probe.ts", 'export { a } from "../ui/format.ts";'],
    ["src/hub/probe.ts", 'export { a } from "../engine/engine.ts";'],
    ["src/state/probe.ts", 'export type { A } from "../engine/engine.ts";'],
    ["src/ui/probe.tsx", 'export { a } from "../state/query-client.ts";'],
    ["src/features/probe/probe.tsx", 'export { a } from "../../engine/engine.ts";'],
    ["src/features/probe/probe.tsx", 'export { a } from "../../rpc/client.ts";'],
  ])("refuses in %s: %s", async (file, code) => {
    expect(await complaints(file, code)).toEqual(["boundaries/dependencies"]);
  });

  it.each([
    ["src/engine/probe.ts", 'export { a } from "../core/errors.ts";'],
    ["src/engine/probe.ts", 'export type { A } from "../rpc/contracts.ts";'],
    ["src/engine/probe.ts", 'export { a } from "./engine.ts";'],
    ["src/state/probe.ts", 'export type { A } from "../rpc/contracts.ts";'],
    ["src/features/probe/probe.tsx", 'export { a } from "../../ui/format.ts";'],
    ["src/features/probe/probe.tsx", 'export { a } from "../../state/query-client.ts";'],
    ["workers/probe.ts", 'export { a } from "../src/engine/engine.ts";'],
  ])("allows in %s: %s", async (file, code) => {
    expect(await complaints(file, code)).toEqual([]);
  });

  it.each([
    ["src/core/probe.ts", 'export { a } from "node:fs";'],
    ["src/core/probe.ts", 'export { a } from "onnxruntime-web/wasm";'],
    ["src/engine/probe.ts", 'export { a } from "onnxruntime-web/wasm";'],
  ])("keeps packages where they belong, in %s: %s", async (file, code) => {
    expect(await complaints(file, code)).toEqual(["no-restricted-imports"]);
  });

  it("refuses double casts, and leaves `as const` alone", async () => {
    const twice = "export const a = (b: string) => b as unknown as number;";
    expect(await complaints("src/ui/probe.ts", twice)).toEqual(["no-restricted-syntax"]);
    const once = 'export const a = { b: "c" } as const;';
    expect(await complaints("src/ui/probe.ts", once)).toEqual([]);
  });
});
