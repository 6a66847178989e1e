/** @file The GPU in software that comes with Chromium, as a Vulkan driver for a process of our own. */
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { findChromium } from "../../scripts/find-chromium.mjs";

/** Debian starts Chromium by a script that lies elsewhere. */
const DEBIAN = "/usr/lib/chromium";

/** Environment variables that make SwiftShader the only Vulkan driver; null where there is no such Chromium. */
export function swiftShaderEnvironment(): Readonly<Record<string, string>> | null {
  const chromium = findChromium();
  const beside = chromium === null ? [] : [path.dirname(realpathSync(chromium.path))];
  for (const folder of [...beside, DEBIAN]) {
    const driver = path.join(folder, "vk_swiftshader_icd.json");
    // Beside it lies Vulkan's loader, for systems that have none of their own.
    if (existsSync(driver)) return { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: folder };
  }
  return null;
}
