/** @file What stored concepts were trained on, as far as this browser still has it: for training them again, together. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { runFiles, type StoredPhoto, type StoredRegularisation } from "../storage/run-files.ts";
import { type RunRecord, runs } from "../storage/runs.ts";
import { photosOfEach, regularisationOfEach } from "../storage/subject-files.ts";
import type { ConceptRecord } from "./concepts.ts";
import { RUNS_KEY } from "./runs.ts";

/** What one word of a concept was taught with. */
export interface SourceSubject {
  readonly category: string;
  readonly photos: readonly StoredPhoto[];
  readonly regularisation: RunRecord["subjects"][number]["regularisation"];
  /** The pictures of a regularisation that was given. */
  readonly given: readonly StoredRegularisation[];
}

export interface ConceptSource {
  /** In the order of the concept's tokens. */
  readonly subjects: readonly SourceSubject[];
  /** That the concept's run took. */
  readonly steps: number;
}

/** By concept id; a concept whose run or photos are not in this browser has none. */
export type ConceptSources = ReadonlyMap<string, ConceptSource>;

export function useConceptSources(
  concepts: readonly Pick<ConceptRecord, "id" | "runId" | "tokens">[],
): UseQueryResult<ConceptSources> {
  return useQuery({
    queryKey: [...RUNS_KEY, "sources", concepts.map(({ id, runId }) => [id, runId])],
    queryFn: () => readConceptSources(concepts),
    // A run may be deleted in another tab.
    refetchOnWindowFocus: "always",
  });
}

/** @throws StudioError "storage-failed" where the browser's storage cannot be read */
export async function readConceptSources(
  concepts: readonly Pick<ConceptRecord, "id" | "runId" | "tokens">[],
): Promise<ConceptSources> {
  const found = await Promise.all(concepts.map(sourceOf));
  return new Map(
    concepts.flatMap(({ id }, i) => {
      const source = found[i] ?? null;
      return source === null ? [] : [[id, source] as const];
    }),
  );
}

async function sourceOf({
  runId,
  tokens,
}: Pick<ConceptRecord, "runId" | "tokens">): Promise<ConceptSource | null> {
  const run = runId === null ? undefined : await runs.get(runId);
  if (run?.subjects.length !== tokens.length) return null;
  const photos = (await runFiles.read(run.id, "photos")) ?? [];
  const given = (await runFiles.read(run.id, "regularisation")) ?? [];
  try {
    const [ownPhotos, ownGiven] = [
      photosOfEach(run.subjects, photos),
      regularisationOfEach(run.subjects, given),
    ];
    const subjects = run.subjects.map(({ category, regularisation }, i) => ({
      category,
      regularisation,
      photos: ownPhotos[i] ?? [],
      given: ownGiven[i] ?? [],
    }));
    return { subjects, steps: run.settings.steps };
  } catch {
    // Some of them are gone: as good as none.
    return null;
  }
}
