/** @file What `train` is to learn: one thing, or several together, each with photos, a category, a word and regularisation. */
import { StudioError } from "../core/errors.ts";
import { checkModifierToken } from "../core/text/modifier-tokens.ts";
import { listOption, type Raw } from "./options.ts";
import { parseRegularisation, type RegularisationPlan } from "./regularisation.ts";

export interface PlannedConcept {
  /** Folder of its photos. */
  readonly images: string;
  readonly category: string;
  readonly token: string;
  readonly regularisation: RegularisationPlan;
}

/**
 * The concepts that `--images`, `--category`, `--token` and `--reg` name, each option given once a concept and in one
 * order. Tokens are `<new1>`, `<new2>`, ... where none is given; a single `--reg` that is no folder holds for all.
 * @throws StudioError "invalid-input" where an option is missing, or given too often or not often enough
 */
export function plannedConcepts(options: Readonly<Record<string, Raw>>): PlannedConcept[] {
  const folders = listOption(options["images"]);
  const categories = listOption(options["category"]);
  if (folders.length === 0) throw missing("images", "name the folder of photos");
  if (categories.length === 0) throw missing("category", 'say what it is, like "bear"');
  const count = folders.length;
  checkCount("category", categories, count);
  const tokens = listOption(options["token"]);
  if (tokens.length > 0) checkCount("token", tokens, count);
  const plans = regularisationPlans(listOption(options["reg"]), count);
  const concepts = folders.map((images, i): PlannedConcept => {
    const token = tokens[i] ?? `<new${i + 1}>`;
    checkModifierToken(token);
    const regularisation = plans[i] ?? parseRegularisation("generate");
    return { images, category: categories[i] ?? "", token, regularisation };
  });
  const twice = concepts.find(({ token }, i) =>
    concepts.slice(0, i).some((other) => other.token === token),
  );
  if (twice === undefined) return concepts;
  throw new StudioError(
    "invalid-input",
    `--token ${twice.token} is given twice; every concept needs a word of its own.`,
  );
}

function regularisationPlans(given: readonly string[], count: number): RegularisationPlan[] {
  const plans = (given.length === 0 ? ["generate"] : given).map(parseRegularisation);
  const [only] = plans;
  if (plans.length === 1 && only !== undefined && (count === 1 || only.kind !== "folder")) {
    return new Array<RegularisationPlan>(count).fill(only);
  }
  checkCount("reg", given, count);
  return plans;
}

function missing(name: string, what: string): StudioError {
  return new StudioError("invalid-input", `--${name} is missing: ${what}.`);
}

function checkCount(name: string, values: readonly string[], count: number): void {
  if (values.length === count) return;
  throw new StudioError(
    "invalid-input",
    `--images is given ${count} times and --${name} ${values.length} times; every concept needs its own, in the same order.`,
  );
}
