/** @file One engine a run: a Web Lock, so that two tabs never train the same run, and a page can ask whether one does. */
import { StudioError } from "../../core/errors.ts";

/** The page queries it, to tell a run that is trained from one that was interrupted. */
const lockName = (runId: string): string => `studio-run:${runId}`;

/** @throws StudioError "invalid-input" where another tab has the run */
export async function holdRun<T>(runId: string, action: () => Promise<T>): Promise<T> {
  return navigator.locks.request(lockName(runId), { ifAvailable: true }, (lock) => {
    if (lock !== null) return action();
    throw new StudioError(
      "invalid-input",
      "This run is being trained in another tab; go on there, or pause it there first.",
    );
  });
}
