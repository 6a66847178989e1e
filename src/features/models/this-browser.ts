/** @file What this browser lacks, each as a sentence that says what it means and what to do. */
import type { BackendReport } from "../../rpc/contracts.ts";

/** What can only be asked of a browser. */
export interface BrowserFacts {
  /** Null while it is not known. */
  readonly backend: Pick<
    BackendReport,
    "adapter" | "isFallbackAdapter" | "crossOriginIsolated"
  > | null;
  /** Whether OPFS opens; null while it is not known. */
  readonly fileStore: boolean | null;
  readonly folders: boolean;
  readonly wakeLock: boolean;
  readonly serviceWorker: boolean;
}

export function lacks({
  backend,
  fileStore,
  folders,
  wakeLock,
  serviceWorker,
}: BrowserFacts): string[] {
  const sentences: string[] = [];
  if (backend?.adapter === null) {
    sentences.push(
      "This browser offers no WebGPU, so the studio computes on the processor, several times slower. Update the browser, allow hardware acceleration in its settings, or use one that has it.",
    );
  } else if (backend?.isFallbackAdapter === true) {
    sentences.push(
      "WebGPU is only emulated in software here, which is slower than the processor alone; the studio uses the processor unless you choose otherwise. Allow hardware acceleration in the browser’s settings, or update the graphics driver.",
    );
  }
  if (backend?.crossOriginIsolated === false) {
    sentences.push(
      "The processor computes on one core only, because the server did not send the headers that let pages use several (cross-origin isolation). Reload the page once; if this stays, ask whoever runs the server.",
    );
  }
  if (fileStore === false) {
    sentences.push(
      "This browser gives the page no file store, as in some private windows, so models cannot be imported. Use a normal window, or update the browser.",
    );
  }
  if (!folders) {
    sentences.push(
      "This browser cannot choose folders, so models cannot be imported with the button. Update it, or drop the folder onto the page on a computer.",
    );
  }
  if (!wakeLock) {
    sentences.push(
      "This browser cannot keep the screen awake. Set the device not to sleep while a run trains; a run that was paused goes on from its last checkpoint.",
    );
  }
  if (!serviceWorker) {
    sentences.push(
      "This browser does not let the page work offline here, as in some private windows or where the address is not secure. Everything else works while you are connected.",
    );
  }
  return sentences;
}
