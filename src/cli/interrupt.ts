/** @file Ctrl-C while something long is under way: the first stops it where nothing is lost, the second ends the process. */

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Leaves Ctrl-C to the system again. */
  readonly forget: () => void;
}

export function stopOnInterrupt(): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    forget: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
