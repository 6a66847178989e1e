/** @file The import of a model: goes on while other pages are looked at. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { StudioError } from "../core/errors.ts";
import type { ChosenFile, FolderReview, HubApi, ImportProgress } from "../rpc/hub-contract.ts";
import { createCountdown } from "./countdown.ts";

export type ImportStatus =
  | { readonly kind: "idle" }
  | { readonly kind: "looking" }
  | { readonly kind: "reviewed"; readonly review: FolderReview }
  | {
      readonly kind: "importing";
      readonly review: FolderReview;
      readonly progress: ImportProgress | null;
      readonly millisecondsLeft: number | null;
      readonly stopping: boolean;
    }
  | { readonly kind: "done"; readonly id: string; readonly name: string }
  /** Stopped on request. */
  | { readonly kind: "stopped"; readonly name: string }
  | { readonly kind: "failed"; readonly error: unknown };

export interface ImportState {
  readonly status: ImportStatus;
  /** Looks at a folder; nothing is written yet. */
  readonly look: (files: Promise<readonly ChosenFile[]>) => Promise<void>;
  /** Imports the folder that was looked at. */
  readonly start: () => Promise<void>;
  readonly cancel: () => void;
  /** Back to choosing a folder. */
  readonly dismiss: () => void;
}

export type ImportStore = StoreApi<ImportState>;

interface Surroundings {
  readonly hub: HubApi;
  /** What is stored has changed. */
  readonly changed: () => void;
  /** Keeps the machine awake until the function it returns is called. */
  readonly holdWakeLock: () => () => void;
  readonly now?: () => number;
}

export function createImportStore({
  hub,
  changed,
  holdWakeLock,
  now = () => performance.now(),
}: Surroundings): ImportStore {
  let chosen: readonly ChosenFile[] = [];
  /** Of folders chosen one after the other only the last counts. */
  let newest = 0;

  return createStore<ImportState>()((set, get) => {
    const show = (status: ImportStatus): void => set({ status });
    return {
      status: { kind: "idle" },
      async look(files) {
        if (get().status.kind === "importing") return;
        const own = ++newest;
        show({ kind: "looking" });
        try {
          const found = await files;
          const review = await hub.reviewFolder(found);
          if (own !== newest) return;
          chosen = found;
          show({ kind: "reviewed", review });
        } catch (error) {
          if (own === newest) show({ kind: "failed", error });
        }
      },
      async start() {
        const { status } = get();
        if (status.kind !== "reviewed") return;
        const { review } = status;
        const importing = { kind: "importing", review, stopping: false } as const;
        show({ ...importing, progress: null, millisecondsLeft: null });
        const countdowns = { copy: createCountdown(), check: createCountdown() };
        const release = holdWakeLock();
        try {
          const id = await hub.importFolder(chosen, (progress) => {
            const { status } = get();
            if (status.kind !== "importing") return;
            const { stage, loaded, total } = progress;
            const millisecondsLeft = countdowns[stage](loaded, total, now());
            show({ ...importing, progress, millisecondsLeft, stopping: status.stopping });
          });
          show({ kind: "done", id, name: review.name });
        } catch (error) {
          const stopped = error instanceof StudioError && error.code === "cancelled";
          show(stopped ? { kind: "stopped", name: review.name } : { kind: "failed", error });
        } finally {
          chosen = [];
          release();
          changed();
        }
      },
      cancel() {
        const { status } = get();
        if (status.kind !== "importing") return;
        show({ ...status, stopping: true });
        // Where the hub cannot be asked any more, the import has ended by itself and says why.
        hub.cancel().catch(() => undefined);
      },
      dismiss() {
        if (get().status.kind === "importing") return;
        newest++;
        chosen = [];
        show({ kind: "idle" });
      },
    };
  });
}
