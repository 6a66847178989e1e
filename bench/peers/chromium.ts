/** @file Chromium as this machine has it, started for a bench: a new profile each time, and with it new caches. */
import { type Browser, chromium } from "@playwright/test";
import { chromiumFlags } from "../../scripts/chromium-flags.mjs";
import { findChromium } from "../../scripts/find-chromium.mjs";

export function launchChromium(): Promise<Browser> {
  const found = findChromium();
  return chromium.launch({
    args: chromiumFlags(process.env),
    ...(found === null ? { channel: "chromium" } : { executablePath: found.path }),
  });
}
