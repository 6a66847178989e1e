/** @file How long something will take, no more exactly than anybody can know. */

/** "less than a minute", "about 5 min", "about 1 h 20 min". */
export function roughDuration(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  if (minutes < 0.75) {
    // Tens of seconds, rounded up: a wait that ends early annoys nobody.
    const seconds = Math.max(10, Math.ceil(milliseconds / 10_000) * 10);
    return `about ${seconds} s`;
  }
  if (minutes < 59.5) return `about ${Math.round(minutes)} min`;
  const fives = Math.round(minutes / 5) * 5;
  const rest = fives % 60;
  return `about ${Math.floor(fives / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}
