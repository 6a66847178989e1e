/** @file Reads a config.json of diffusers or transformers: what is used, what has to be as it is in Stable Diffusion. */
import { StudioError } from "../errors.ts";

export type Config = Readonly<Record<string, unknown>>;

export class ConfigReader {
  private readonly config: Config;
  private readonly path: string;

  /** @param path names the file in errors */
  constructor(config: Config, path: string) {
    this.config = config;
    this.path = path;
  }

  /** A whole number above zero; the fallback where the file says nothing. */
  count(key: string, fallback?: number): number {
    const value = this.config[key] ?? fallback;
    if (isCount(value)) return value;
    throw this.unknown(key, "a whole number");
  }

  /** One for each of `length` blocks: a list, or a number that holds for all. */
  counts(key: string, length: number, fallback?: number): readonly number[] {
    const value = this.config[key] ?? fallback;
    if (isCount(value)) return Array.from({ length }, () => value);
    if (Array.isArray(value) && value.length === length && value.every(isCount)) return value;
    throw this.unknown(key, `a whole number, or ${length} of them`);
  }

  /** Several whole numbers. */
  list(key: string): readonly number[] {
    const value = this.config[key];
    if (Array.isArray(value) && value.length > 0 && value.every(isCount)) return value;
    throw this.unknown(key, "a list of whole numbers");
  }

  number(key: string, fallback: number): number {
    const value = this.config[key] ?? fallback;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.unknown(key, "a number");
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.config[key] ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.unknown(key, "true or false");
  }

  /** One of the names that are known. */
  choice<T extends string>(key: string, known: readonly T[], fallback?: T): T {
    const value = this.config[key] ?? fallback;
    const found = known.find((one) => one === value);
    if (found !== undefined) return found;
    throw this.unknown(key, known.map((one) => JSON.stringify(one)).join(" or "));
  }

  /** Names, all of them known. */
  choices<T extends string>(key: string, known: readonly T[]): readonly T[] {
    const value = this.config[key];
    const isKnown = (one: unknown): one is T => known.some((name) => name === one);
    if (Array.isArray(value) && value.length > 0 && value.every(isKnown)) return value;
    throw this.unknown(key, `a list of ${known.join(" and ")}`);
  }

  /** Refuses any value but those that change nothing of what is built; a key that is not there is fine. */
  only(key: string, ...accepted: readonly (number | string | boolean | null)[]): void {
    const value = this.config[key] ?? null;
    if (value === null || accepted.some((one) => one === value)) return;
    const known =
      accepted.length === 0 ? "null" : accepted.map((x) => JSON.stringify(x)).join(" or ");
    throw this.unknown(key, known);
  }

  unknown(key: string, known: string): StudioError {
    const value = JSON.stringify(this.config[key] ?? null);
    const shown = value.length > 80 ? `${value.slice(0, 80)}…` : value;
    return new StudioError(
      "model-unsupported",
      `${this.path} has "${key}": ${shown}, where the studio knows ${known}; choose a model that is built like Stable Diffusion 1.x or 2.x.`,
    );
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
