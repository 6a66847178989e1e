/** @file How long to train, in words, around the model's own default. */

export type StepPreset = "quick" | "usual" | "thorough";

export const STEP_PRESETS: readonly { readonly value: StepPreset; readonly label: string }[] = [
  { value: "quick", label: "Quick" },
  { value: "usual", label: "Usual" },
  { value: "thorough", label: "Thorough" },
];

const FACTORS: Readonly<Record<StepPreset, number>> = { quick: 0.5, usual: 1, thorough: 2 };

export function presetSteps(preset: StepPreset, defaultSteps: number): number {
  return Math.max(1, Math.round(FACTORS[preset] * defaultSteps));
}

/** Null where the number is somebody's own. */
export function presetOf(steps: number, defaultSteps: number): StepPreset | null {
  return (
    STEP_PRESETS.find(({ value }) => presetSteps(value, defaultSteps) === steps)?.value ?? null
  );
}
