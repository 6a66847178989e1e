/** @file The bench's page, built by vite as the app is, and served with the headers that isolate it. */
import { rm } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fasterWasm } from "../../scripts/faster-wasm-plugin.ts";
import { createStaticServer } from "../../scripts/static-server.mjs";

export interface BenchPage {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveBenchPage(): Promise<BenchPage> {
  const folder = await mkdtemp(path.join(tmpdir(), "studio-bench-page-"));
  const vite = await import("vite");
  await vite.build({
    configFile: false,
    root: fileURLToPath(new URL("../browser", import.meta.url)),
    publicDir: fileURLToPath(new URL("../../public", import.meta.url)),
    base: "./",
    logLevel: "error",
    plugins: [fasterWasm()],
    worker: { format: "es", plugins: () => [fasterWasm()] },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2023",
      // As in vite.config.ts.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1000,
    },
  });
  const server = await createStaticServer(folder);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
