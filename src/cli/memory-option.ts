/** @file `--memory`: an amount of memory as people write it. */
import { StudioError } from "../core/errors.ts";
import { type Raw, textOption } from "./options.ts";

const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, MIB: 2 ** 20, GIB: 2 ** 30 };

/** Bytes of "8GB", "6.5 GB", "6000MB", "8GiB"; null where the option was not given. */
export function memoryOption(raw: Raw): number | null {
  const text = textOption("memory", raw);
  if (text === null) return null;
  const [, number = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*(MB|GB|MiB|GiB)\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? NaN);
  if (bytes > 0) return bytes;
  throw new StudioError(
    "invalid-input",
    `--memory must be an amount such as 8GB or 6500MB, not "${text}".`,
  );
}
