/** @file The response headers every server of this project sends: they make the page cross-origin isolated. */

/**
 * Threads in WebAssembly need SharedArrayBuffer, and browsers hand that out only to a page whose
 * opener and embedded resources are isolated from other origins.
 * @type {Readonly<Record<string, string>>}
 */
export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
