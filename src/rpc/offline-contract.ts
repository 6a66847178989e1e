/** @file What the page and the service worker say to each other, as types only. */

export type OfflineRequest =
  /** Keep some more of the files that are missing for working offline. */
  | { readonly kind: "keep-next" }
  /** Replace the version that is in charge. */
  | { readonly kind: "take-over" };

/** The answer to "keep-next". */
export interface OfflineAnswer {
  readonly missing: number;
  readonly total: number;
  /** Why a file could not be kept; null where it was, or where none was missing. */
  readonly failure: "no-room" | "no-connection" | null;
}
