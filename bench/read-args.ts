/** @file Reads the options of benches: what is wrong is one sentence that names the option. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { StudioError } from "../src/core/errors.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * Values of the options, and what is not an option.
 * @throws StudioError "invalid-input" where an option is unknown, or lacks its value
 */
export function readArgs<const T extends Options>(
  args: readonly string[],
  options: T,
  allowPositionals = false,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    // What follows the first sentence explains positional arguments.
    const [what] = cause.message.split(/[.\n]/);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new StudioError("invalid-input", `${what}; the options are ${known.join(", ")}.`, {
      cause,
    });
  }
}

/** A whole number from 1 to `most`. */
export function whole<F>(
  name: string,
  text: string | undefined,
  fallback: F,
  most: number,
): number | F {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new StudioError(
    "invalid-input",
    `--${name} must be a whole number from 1 to ${most}, not "${text}".`,
  );
}
