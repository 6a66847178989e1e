/** @file `--backend webgpu` for real: Dawn computes what PyTorch does, or says in one sentence what the machine lacks. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { writeNanoFolder } from "../../tests/support/cli.ts";
import { swiftShaderEnvironment } from "../../tests/support/swiftshader.ts";

/** As in webgpu.gpu.test.ts: float32 in another order of summation, on drivers whose exp is an approximation. */
const TOLERANCE = 3e-4;

const script = new URL("../../tests/support/webgpu-in-node.ts", import.meta.url);

interface Report {
  readonly distances?: Readonly<Record<string, number>>;
  readonly reason?: string;
  readonly code?: string;
  readonly refusal?: string;
}

it("runs the text encoder and its gradient on the machine's adapter, or refuses in one sentence, and ends", () => {
  const hardware = process.env["WEBGPU_ADAPTER"] === "hardware";
  const swiftShader = hardware || process.platform !== "linux" ? null : swiftShaderEnvironment();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", fileURLToPath(script)],
    {
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      encoding: "utf8",
      env: { ...process.env, ...swiftShader },
      timeout: 300_000,
    },
  );
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout) as Report;
  console.info(`--backend webgpu: ${stdout.trim()}`);
  if (report.distances === undefined) {
    // There is no excuse where a driver is known to be there.
    expect(swiftShader).toBeNull();
    expect(report.code).toBe("backend-unavailable");
    expect(report.refusal).toMatch(/no WebGPU adapter; install a Vulkan driver/);
    return;
  }
  if (swiftShader !== null) expect(report.reason).toContain("SwiftShader");
  expect(Object.keys(report.distances)).toEqual(["hidden", "dEmbeds"]);
  for (const [name, distance] of Object.entries(report.distances)) {
    expect(distance, name).toBeLessThan(TOLERANCE);
  }
});

it("refuses float16 in one sentence where the adapter has none", async () => {
  const driver = process.platform === "linux" ? swiftShaderEnvironment() : null;
  if (driver === null) {
    console.info(
      "NOT tested: SwiftShader, an adapter that is known to have no float16, is not here.",
    );
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), "half-"));
  try {
    const model = await writeNanoFolder(path.join(folder, "nano"));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...["--import", "tsx", "src/cli/main.ts", "generate", "--model", model, "--prompt", "x"],
        ...["--out", path.join(folder, "out"), "--backend", "webgpu", "--precision", "float16"],
      ],
      {
        cwd: fileURLToPath(new URL("../../", import.meta.url)),
        encoding: "utf8",
        env: { ...process.env, ...driver },
        timeout: 300_000,
      },
    );
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n").at(-1)).toMatch(/does not compute in float16 .*shader-f16/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
