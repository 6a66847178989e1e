/** @file The Chromium switches the tests need: WebGPU on a machine with or without a GPU. */

/**
 * Without these, Chromium on a machine with no GPU has `navigator.gpu` but no adapter.
 * SwiftShader, the Vulkan driver in software that Chromium ships, gives the same adapter on every
 * machine. `WEBGPU_ADAPTER=hardware` leaves the choice to the browser, to run the tests on a GPU.
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {string[]}
 */
export function chromiumFlags(environment) {
  const flags = ["--enable-unsafe-webgpu", "--enable-features=Vulkan"];
  if (environment["WEBGPU_ADAPTER"] !== "hardware") flags.push("--use-webgpu-adapter=swiftshader");
  // Chromium's own sandbox refuses to start for root, which is who runs tests in most containers.
  if (process.platform === "linux") flags.push("--no-sandbox");
  return flags;
}
