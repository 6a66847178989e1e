/** @file The things that a run teaches, as prompts name them. */
import type { RunRecord } from "../../state/runs.ts";

type Subjects = readonly Pick<RunRecord["subjects"][number], "token" | "category">[];

/** "<new1> bear" of each. */
export function subjectWords(subjects: Subjects): string[] {
  return subjects.map(({ token, category }) => `${token} ${category}`);
}

/** "<new1> bear, <new2> car" */
export function runWords({ subjects }: { readonly subjects: Subjects }): string {
  return subjectWords(subjects).join(", ");
}
