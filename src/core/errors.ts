/** @file The one error type that crosses threads: a stable code, a sentence for people, and what to do about it. */

/** Stable codes; a message may be reworded, a code may not. */
export type ErrorCode =
  | "model-corrupt"
  | "model-not-a-unet"
  | "model-unsupported-operator"
  | "model-unsupported"
  | "model-external-data-missing"
  | "model-not-found"
  | "download-failed"
  | "backend-unavailable"
  | "does-not-fit"
  | "session-failed"
  | "storage-full"
  | "storage-failed"
  | "invalid-input"
  | "cancelled"
  | "engine-stopped"
  | "internal";

/** An error with a stable `code`; `message` is one clear sentence naming what is wrong and what to do. */
export class StudioError extends Error {
  override readonly name = "StudioError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
