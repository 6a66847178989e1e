/** @file Whether a model fits into what the browser gives this site, said before anything is copied. */
import { StudioError } from "../core/errors.ts";

/** Left for everything else: records of the import itself, images, runs. */
const SPARE_BYTES = 16 * 2 ** 20;

/**
 * @param bytes that are still to be copied
 * @param free bytes that the browser allows beside what is used; null where it does not say
 * @throws StudioError "storage-full" that says by how much it does not fit
 */
export function requireRoom(name: string, bytes: number, free: number | null): void {
  const needed = bytes + SPARE_BYTES;
  if (free === null || needed <= free) return;
  const mega = (count: number): string => `${Math.ceil(count / 1e6).toLocaleString("en")} MB`;
  throw new StudioError(
    "storage-full",
    `"${name}" does not fit: it needs ${mega(needed)}, and this browser allows ${mega(free)} more for this site, ${mega(needed - free)} too little. Remove models, images or runs, or free disk space, then try again.`,
  );
}
