/** @file How the app is built and served while developing, and what makes it installable. */
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { fasterWasm } from "./scripts/faster-wasm-plugin.ts";
import { isolationHeaders } from "./scripts/isolation-headers.mjs";

/** The PWA plugin asks for the service worker as one file by an option whose name rolldown has since changed. */
const oneFile: Plugin = {
  name: "service-worker-as-one-file",
  configResolved({ build }) {
    const { output } = build.rolldownOptions;
    if (output === undefined || Array.isArray(output)) return;
    Reflect.deleteProperty(output, "inlineDynamicImports");
    output.codeSplitting = false;
  },
};

export default defineConfig({
  // Relative addresses (pages are told apart behind the "#"), so that the build works in any folder of a host.
  base: "./",
  plugins: [
    react(),
    fasterWasm(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "workers",
      filename: "service-worker.ts",
      // src/state/service-worker.ts registers it: the engine waits for it, and updates are asked for.
      injectRegister: false,
      injectManifest: {
        buildPlugins: { vite: [oneFile] },
        globPatterns: [
          "**/*.{js,css,html,wasm,onnx,json,jsonl,txt,safetensors,png,svg,webp,webmanifest}",
        ],
        // CLIP serves evaluation on the command line alone.
        globIgnores: ["models/*/clip/**"],
        // The UNet's 45 MB; files this large are kept when they are first used (workers/service-worker.ts).
        maximumFileSizeToCacheInBytes: 100e6,
      },
      manifest: {
        id: "./",
        start_url: "./",
        scope: "./",
        name: "Custom Diffusion Studio",
        short_name: "Diffusion Studio",
        description:
          "Teach a text-to-image model a new thing from a few photos, on your own machine.",
        display: "standalone",
        background_color: "#ffffff",
        theme_color: "#1864ab",
        categories: ["graphics", "photo"],
        icons: [
          { src: "icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "icon-512.png", sizes: "512x512", type: "image/png" },
          {
            src: "icon-maskable-512.png",
            sizes: "512x512",
            type: "image/png",
            purpose: "maskable",
          },
          { src: "icon.svg", sizes: "any", type: "image/svg+xml" },
        ],
      },
    }),
  ],
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
  worker: { format: "es", plugins: () => [fasterWasm()] },
  // onnxruntime-web finds its .wasm beside its own module; pre-bundling would move the one only. The HEIC decoder is
  // asked for late, when finding it would reload the page.
  optimizeDeps: { exclude: ["onnxruntime-web"], include: ["heic-to/csp"] },
  build: {
    target: "es2023",
    // Those that know light-dark(). For older ones it would be replaced by variables that nothing here sets, and the
    // colour be lost in all of them.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
    // Everything is a file of its own: nothing is turned into a data: URL, which isolation headers
    // and onnxruntime's streaming compilation could not treat as the file it was.
    assetsInlineLimit: 0,
    // React with Mantine's components is about 500 kB before compression, and onnxruntime's glue in
    // the worker about as much; the page cannot show anything without the one or run without the other.
    chunkSizeWarningLimit: 700,
    // How long a plugin takes is no fault of the app's.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
