/** @file Chromium as this machine has it, started for a bench: a new profile each time, and with it new caches. */
import { type Browser, chromium } from "@playwright/test";
import { chromiumFlags } from "../../scripts/chromium-flags.mjs";
import { findChromium } from "../../scripts/find-chromium.mjs";

/**
 * @param gpu the machine's own, where it has one, in place of the one in software
 * @param flags more than the usual ones
 */
export function launchChromium(gpu = false, flags: readonly string[] = []): Promise<Browser> {
  const found = findChromium();
  const adapter = gpu ? { WEBGPU_ADAPTER: "hardware" } : {};
  return chromium.launch({
    args: [...chromiumFlags({ ...process.env, ...adapter }), ...flags],
    ...(found === null ? { channel: "chromium" } : { executablePath: found.path }),
  });
}
