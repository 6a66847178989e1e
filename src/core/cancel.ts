/** @file Stopping on request: long work asks between its steps whether it should go on. */
import { StudioError } from "./errors.ts";

/** What an AbortSignal has of it. */
export interface CancelSignal {
  readonly aborted: boolean;
}

/** @throws StudioError "cancelled" once the signal is aborted */
export function throwIfAborted(signal: CancelSignal | undefined): void {
  if (signal?.aborted === true) throw new StudioError("cancelled", "Stopped on request.");
}
