/** @file Lets a StudioError cross between threads with its code: comlink alone keeps only message, name and stack. */
import { transferHandlers } from "comlink";
import { StudioError, type ErrorCode } from "../core/errors.ts";

/** comlink's own name for the handler of what a call throws. */
const THROW = "throw";

interface WireError {
  readonly studioError: { readonly code: ErrorCode; readonly message: string };
  readonly stack: string | undefined;
}

/** comlink hands its handler the thrown value in a box. */
function thrownStudioError(box: unknown): StudioError | null {
  if (typeof box !== "object" || box === null || !("value" in box)) return null;
  return box.value instanceof StudioError ? box.value : null;
}

/** Both ends are always of one build, so the mark alone tells the whole shape. */
function isWireError(value: unknown): value is WireError {
  return typeof value === "object" && value !== null && "studioError" in value;
}

let installed = false;

/**
 * Teaches this thread's comlink to send and receive StudioErrors. Both ends call it before they
 * expose or wrap anything; every other thrown value goes comlink's own way.
 */
export function installErrorTransfer(): void {
  if (installed) return;
  installed = true;
  const plain = transferHandlers.get(THROW);
  if (plain === undefined) throw new Error("comlink no longer has a handler named throw");
  transferHandlers.set(THROW, {
    canHandle: (value): value is unknown => plain.canHandle(value),
    serialize(box) {
      const error = thrownStudioError(box);
      if (error === null) return plain.serialize(box);
      const { code, message, stack } = error;
      return [{ studioError: { code, message }, stack } satisfies WireError, []];
    },
    deserialize(wire) {
      if (!isWireError(wire)) return plain.deserialize(wire);
      const error = new StudioError(wire.studioError.code, wire.studioError.message);
      if (wire.stack !== undefined) error.stack = wire.stack;
      throw error;
    },
  });
}
