/** @file Asks the browser not to clear what is stored when disk space runs low. */

/**
 * Some browsers ask the person, so this is for the moment when there is something to lose.
 * @returns whether what is stored stays until the person removes it
 */
export async function askForPersistence(): Promise<boolean> {
  if (!("storage" in navigator) || !("persist" in navigator.storage)) return false;
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}
