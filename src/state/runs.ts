/** @file Stored training runs for the page: the list, one of them, its files, and what a person does to them. */
import {
  type QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { EngineApi } from "../rpc/contracts.ts";
import {
  runFiles,
  type StoredPhoto,
  type StoredPreview,
  type StoredRegularisation,
} from "../storage/run-files.ts";
import { runs, type RunRecord } from "../storage/runs.ts";
import { photosOfEach } from "../storage/subject-files.ts";
import { conceptsChanged } from "./concepts.ts";
import { createTrainingStore, type TrainingStore } from "./training-store.ts";
import { showProgressInTitle } from "./training-title.ts";
import { holdWakeLock } from "./wake-lock.ts";

export type { RunRecord, StoredPhoto, StoredPreview, StoredRegularisation };

/** Whatever is read of runs is kept below it. */
export const RUNS_KEY = ["runs"] as const;
const HELD = ["held-runs"] as const;

/** The engine holds a Web Lock of this name and the run's id while it trains. */
const RUN_LOCK = "studio-run:";

/** The training store of a page: its run's changes reach whatever shows them. */
export function connectTrainingStore(engine: EngineApi, client: QueryClient): TrainingStore {
  const training = createTrainingStore({
    engine,
    readHistory: (runId) => runFiles.read(runId, "history"),
    changed(what, runId) {
      if (what === "concepts") void conceptsChanged(client);
      else if (what === "previews") {
        void client.invalidateQueries({ queryKey: [...RUNS_KEY, runId, "previews"] });
      } else {
        void client.invalidateQueries({ queryKey: RUNS_KEY, exact: true });
        void client.invalidateQueries({ queryKey: [...RUNS_KEY, runId], exact: true });
        void client.invalidateQueries({ queryKey: [...RUNS_KEY, runId, "history"] });
        void client.invalidateQueries({ queryKey: HELD });
      }
    },
    holdWakeLock,
  });
  showProgressInTitle(training);
  return training;
}

export interface RunList {
  /** The one that changed last comes first. */
  readonly runs: readonly RunRecord[];
  readonly unreadable: number;
}

export function useRuns(): UseQueryResult<RunList> {
  return useQuery({
    queryKey: RUNS_KEY,
    queryFn: async (): Promise<RunList> => {
      const { records, unreadable } = await runs.list();
      records.sort((a, b) => b.updatedAt - a.updatedAt);
      return { runs: records, unreadable };
    },
    // Another tab may train meanwhile.
    refetchOnWindowFocus: "always",
  });
}

/** Null where there is no such run (any more). */
export function useRun(id: string): UseQueryResult<RunRecord | null> {
  return useQuery({
    queryKey: [...RUNS_KEY, id],
    queryFn: async () => (await runs.get(id)) ?? null,
    refetchOnWindowFocus: "always",
  });
}

/** The photos of each of the run's subjects. */
export function useRunPhotos({ id, subjects }: RunRecord): UseQueryResult<StoredPhoto[][]> {
  return useQuery({
    queryKey: [...RUNS_KEY, id, "photos"],
    queryFn: async () => photosOfEach(subjects, (await runFiles.read(id, "photos")) ?? []),
  });
}

export function useRunPreviews(id: string): UseQueryResult<readonly StoredPreview[]> {
  return useQuery({
    queryKey: [...RUNS_KEY, id, "previews"],
    queryFn: () => runFiles.previews(id),
    refetchOnWindowFocus: "always",
  });
}

/** Losses of the steps that are stored, [n, 2]. */
export function useRunHistory(id: string): UseQueryResult<Float32Array> {
  return useQuery({
    queryKey: [...RUNS_KEY, id, "history"],
    queryFn: async () => (await runFiles.read(id, "history")) ?? new Float32Array(0),
    refetchOnWindowFocus: "always",
  });
}

/** Removes a run with its photos, checkpoint and previews; a concept that came of it stays. */
export function useRemoveRun(): UseMutationResult<void, Error, string> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id) => {
      // The record last: should this be cut short, the run is still listed and can be deleted again.
      await runFiles.remove(id, "everything");
      await runs.remove(id);
    },
    onSettled: () => client.invalidateQueries({ queryKey: RUNS_KEY }),
  });
}

export interface NewRun {
  readonly record: RunRecord;
  /** Of its subjects, one after the other. */
  readonly photos: readonly StoredPhoto[];
  /** Likewise; empty where there is none, or the model is to paint it. */
  readonly regularisation: readonly StoredRegularisation[];
}

/** Stores a run that has not begun. */
export function useCreateRun(): UseMutationResult<void, Error, NewRun> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ record, photos, regularisation }) => {
      try {
        // The record last: a run that is listed has all its files.
        await runFiles.write(record.id, "photos", photos);
        if (regularisation.length > 0) {
          await runFiles.write(record.id, "regularisation", regularisation);
        }
        await runs.put(record);
      } catch (error) {
        await runFiles.remove(record.id, "everything").catch(() => undefined);
        throw error;
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: RUNS_KEY }),
  });
}

/** Makes the steps that are kept all there are to do; training it once more then makes the concept of them. */
export function useFinishEarly(): UseMutationResult<RunRecord, Error, RunRecord> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (run) => {
      const shorten = (record: RunRecord): RunRecord => ({
        ...record,
        settings: { ...record.settings, steps: Math.max(1, record.step) },
      });
      await runs.update(run.id, shorten);
      return (await runs.get(run.id)) ?? shorten(run);
    },
    onSettled: () => client.invalidateQueries({ queryKey: RUNS_KEY }),
  });
}

/** Runs that an engine of any tab trains right now: it holds a lock of the run's name. */
export function useHeldRuns(watch: boolean): ReadonlySet<string> {
  const { data } = useQuery({
    queryKey: HELD,
    queryFn: async () => {
      const { held = [] } = await navigator.locks.query();
      return held.flatMap(({ name }) =>
        name?.startsWith(RUN_LOCK) === true ? [name.slice(RUN_LOCK.length)] : [],
      );
    },
    staleTime: 0,
    // Other tabs do not say when they begin or end.
    refetchInterval: watch ? 2000 : false,
    refetchOnWindowFocus: "always",
  });
  return new Set(data);
}
