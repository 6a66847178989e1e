/** @file The three tiers of tests that vitest runs: pure code in Node, sessions in Node, WebGPU in Chromium. */
import { playwright } from "@vitest/browser-playwright";
import { configDefaults, defineConfig } from "vitest/config";
import { chromiumFlags } from "./scripts/chromium-flags.mjs";
import { findChromium } from "./scripts/find-chromium.mjs";
import { fasterWasm } from "./scripts/faster-wasm-plugin.ts";
import { isolationHeaders } from "./scripts/isolation-headers.mjs";

const chromium = findChromium();
const needsSessions = ["src/**/*.wasm.test.ts", "bench/**/*.wasm.test.ts"];
/** What needs a real browser: WebGPU, and what browsers alone have (IndexedDB, OPFS, their picture decoders). */
const needsWebGpu = [
  "src/**/*.gpu.test.ts",
  "src/**/*.browser.test.ts",
  "tests/support/*.gpu.test.ts",
];

export default defineConfig({
  test: {
    // A tier that finds no test fails; so does a test that was left as .only.
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        test: {
          name: "core",
          environment: "node",
          include: [
            "src/**/*.test.{ts,tsx}",
            "scripts/**/*.test.ts",
            "bench/**/*.test.ts",
            "tests/**/*.test.ts",
          ],
          exclude: [...configDefaults.exclude, ...needsSessions, ...needsWebGpu],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "engine",
          environment: "node",
          include: needsSessions,
          // Half of the time a process of the command line starts, or a session of one thread runs.
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [fasterWasm()],
        optimizeDeps: { exclude: ["onnxruntime-web"], include: ["heic-to/csp"] },
        server: { headers: isolationHeaders },
        test: {
          name: "gpu",
          include: needsWebGpu,
          setupFiles: ["tests/support/gpu-setup.ts"],
          provide: { allowNoWebGpu: process.env["ALLOW_NO_WEBGPU"] === "1" },
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 2 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: chromiumFlags(process.env),
                // Without a path this would be Playwright's headless shell, which has no WebGPU.
                ...(chromium === null
                  ? { channel: "chromium" }
                  : { executablePath: chromium.path }),
              },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
