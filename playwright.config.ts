/** @file End-to-end tests: the built app, served as `npm start` serves it, in a real Chromium. */
import { defineConfig } from "@playwright/test";
import { chromiumFlags } from "./scripts/chromium-flags.mjs";
import { findChromium } from "./scripts/find-chromium.mjs";

const PORT = 41731;
const chromium = findChromium();

export default defineConfig({
  testDir: "e2e",
  // Opening the model and one prediction take seconds on WebAssembly; two slow cores take longer.
  timeout: 360_000,
  expect: { timeout: 10_000 },
  workers: 1,
  forbidOnly: true,
  reporter: "list",
  use: {
    baseURL: `http://127.0.0.1:${PORT.toString()}`,
    screenshot: "only-on-failure",
    launchOptions: {
      args: chromiumFlags(process.env),
      ...(chromium === null ? { channel: "chromium" } : { executablePath: chromium.path }),
    },
  },
  webServer: {
    command: `node scripts/start.mjs --port ${PORT.toString()}`,
    port: PORT,
    reuseExistingServer: false,
    timeout: 180_000,
  },
});
