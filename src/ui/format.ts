/** @file Numbers as people read them: bytes, counts, durations. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Decimal units, three digits: 97.4 MB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** Groups of three: 1,142,784. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** 12 ms, 1.4 s, 75 s, 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole.toString()} s`;
  return `${Math.floor(whole / 60).toString()} min ${(whole % 60).toString()} s`;
}
