/** @file Reads option values: texts become what a command needs, or one sentence. */
import { StudioError } from "../core/errors.ts";
import { type Optimisations, optimisationsWithout, withRequested } from "../core/optimisations.ts";
import { type Precision, PRECISIONS } from "../core/precision.ts";
import type { BackendPreference } from "../rpc/contracts.ts";

/** Values of --backend. */
export const BACKENDS: readonly BackendPreference[] = ["auto", "wasm", "webgpu"];

/** What commander gives for an option: its text, a list where it may be given several times, true for a flag. */
export type Raw = string | boolean | readonly string[] | undefined;

/** The option as it is typed: "--token-lr" for commander's "tokenLr". */
function flag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A number; `fallback` where the option was not given. */
export function numberOption(name: string, raw: Raw, fallback: number): number {
  const text = textOption(name, raw);
  if (text === null) return fallback;
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isNaN(value)) return value;
  throw new StudioError("invalid-input", `${flag(name)} must be a number, not "${text}".`);
}

/** A text; null where the option was not given. */
export function textOption(name: string, raw: Raw): string | null {
  if (raw === undefined) return null;
  if (typeof raw === "string") return raw;
  throw new StudioError("internal", `${flag(name)} does not take one value.`);
}

/** A text that has to be given; empty is for the command to refuse. */
export function requiredOption(name: string, raw: Raw, what: string): string {
  const value = textOption(name, raw);
  if (value !== null) return value;
  throw new StudioError("invalid-input", `${flag(name)} is missing: ${what}.`);
}

/** One of some words. */
export function choiceOption<T extends string>(
  name: string,
  raw: Raw,
  choices: readonly T[],
  fallback: T,
): T {
  const value = textOption(name, raw);
  if (value === null) return fallback;
  const chosen = choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  throw new StudioError(
    "invalid-input",
    `${flag(name)} must be one of ${choices.join(", ")}, not "${value}".`,
  );
}

/** All values of an option that may be given several times. */
export function listOption(raw: Raw): readonly string[] {
  return typeof raw === "object" ? raw : [];
}

/** `--precision`; "auto" leaves it to the model's size and the device. */
export function precisionOption(raw: Raw): Precision | "auto" {
  return choiceOption<Precision | "auto">("precision", raw, ["auto", ...PRECISIONS], "auto");
}

/** `--without`: all optimisations but the named ones. */
export function withoutOption(raw: Raw): Optimisations {
  return optimisationsWithout(textOption("without", raw) ?? "");
}

/** `--with`: those that are only in use on request as well. */
export function withOption(raw: Raw, optimisations: Optimisations): Optimisations {
  return withRequested(optimisations, textOption("with", raw) ?? "");
}
