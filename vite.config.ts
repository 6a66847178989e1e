/** @file How the app is built and served while developing. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { isolationHeaders } from "./scripts/isolation-headers.mjs";

export default defineConfig({
  plugins: [react()],
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
  worker: { format: "es" },
  // onnxruntime-web finds its .wasm beside its own module; pre-bundling would move the one only. The HEIC decoder is
  // asked for late, when finding it would reload the page.
  optimizeDeps: { exclude: ["onnxruntime-web"], include: ["heic-to/csp"] },
  build: {
    target: "es2023",
    // Everything is a file of its own: nothing is turned into a data: URL, which isolation headers
    // and onnxruntime's streaming compilation could not treat as the file it was.
    assetsInlineLimit: 0,
    // React with Mantine's components is about 500 kB before compression, and onnxruntime's glue in
    // the worker about as much; the page cannot show anything without the one or run without the other.
    chunkSizeWarningLimit: 700,
  },
});
