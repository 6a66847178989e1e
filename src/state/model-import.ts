/** @file How a model comes in, from a folder or from a server: goes on while other pages are looked at. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { StudioError } from "../core/errors.ts";
import type { ModelAddress } from "../core/model-address.ts";
import { canUse, modelSize, type Obstacle } from "../core/model-facts.ts";
import type { ModelSize, Prospects } from "../core/plan/painting.ts";
import type {
  ChosenFile,
  FolderReview,
  HubApi,
  ImportProgress,
  RemoteRequest,
  RemoteReview,
} from "../rpc/hub-contract.ts";
import { createCountdown } from "./countdown.ts";

/** What was looked at. */
export type Looked =
  | { readonly from: "folder"; readonly review: FolderReview }
  | {
      readonly from: "server";
      readonly review: RemoteReview;
      readonly request: RemoteRequest;
      /** What speaks against it. */
      readonly obstacle: Obstacle | null;
    };

export type ImportStatus =
  | { readonly kind: "idle" }
  | { readonly kind: "looking"; readonly from: Looked["from"] }
  | { readonly kind: "reviewed"; readonly looked: Looked }
  | {
      readonly kind: "importing";
      readonly looked: Looked;
      readonly progress: ImportProgress | null;
      readonly millisecondsLeft: number | null;
      readonly stopping: boolean;
    }
  | {
      readonly kind: "done";
      readonly id: string;
      readonly name: string;
      readonly from: Looked["from"];
    }
  /** Stopped on request. */
  | { readonly kind: "stopped"; readonly name: string; readonly request: RemoteRequest | null }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly from: Looked["from"];
      /** Of a download that had begun, and can go on. */
      readonly request: RemoteRequest | null;
    };

export interface ImportState {
  readonly status: ImportStatus;
  /** The model on a server that was looked at last. */
  readonly asked: ModelAddress | null;
  /** Looks at a folder; nothing is written yet. */
  readonly look: (files: Promise<readonly ChosenFile[]>) => Promise<void>;
  /** Looks at a repository; only what is small is read. */
  readonly lookAtServer: (request: RemoteRequest) => Promise<void>;
  /** Imports what was looked at. */
  readonly start: () => Promise<void>;
  /** Goes on with a download that was begun: looks at what is missing, and fetches it. */
  readonly resume: (request: RemoteRequest) => Promise<void>;
  readonly cancel: () => void;
  /** Back to choosing a model. */
  readonly dismiss: () => void;
}

export type ImportStore = StoreApi<ImportState>;

interface Surroundings {
  readonly hub: HubApi;
  /** What a model of this size can do here; null where that cannot be told. */
  readonly prospects: (size: ModelSize) => Promise<Prospects | null>;
  /** What is stored has changed. */
  readonly changed: () => void;
  /** Keeps the machine awake until the function it returns is called. */
  readonly holdWakeLock: () => () => void;
  readonly now?: () => number;
}

export function createImportStore({
  hub,
  prospects,
  changed,
  holdWakeLock,
  now = () => performance.now(),
}: Surroundings): ImportStore {
  let chosen: readonly ChosenFile[] = [];
  /** Of models looked at one after the other only the last counts. */
  let newest = 0;

  return createStore<ImportState>()((set, get) => {
    const show = (status: ImportStatus): void => set({ status });

    const lookWith = async (from: Looked["from"], action: () => Promise<Looked>): Promise<void> => {
      if (get().status.kind === "importing") return;
      const own = ++newest;
      show({ kind: "looking", from });
      try {
        const looked = await action();
        if (own === newest) show({ kind: "reviewed", looked });
      } catch (error) {
        if (own === newest) show({ kind: "failed", error, from, request: null });
      }
    };

    const bringIn = (
      looked: Looked,
      onProgress: (progress: ImportProgress) => void,
    ): Promise<string> =>
      looked.from === "folder"
        ? hub.importFolder(chosen, onProgress)
        : hub.downloadModel(ofCommit(looked.request, looked.review.commit), onProgress);

    return {
      status: { kind: "idle" },
      asked: null,
      look: (files) =>
        lookWith("folder", async () => {
          const found = await files;
          const review = await hub.reviewFolder(found);
          chosen = found;
          return { from: "folder", review };
        }),
      lookAtServer: (request) =>
        lookWith("server", async () => {
          set({ asked: request.address });
          const review = await hub.reviewRemote(request);
          const { facts } = review;
          const obstacle = canUse(facts, await prospects(modelSize(facts)));
          return { from: "server", review, request, obstacle };
        }),
      async start() {
        const { status } = get();
        if (status.kind !== "reviewed") return;
        const { looked } = status;
        const { name } = looked.review;
        const request =
          looked.from === "server" ? ofCommit(looked.request, looked.review.commit) : null;
        const importing = { kind: "importing", looked, stopping: false } as const;
        show({ ...importing, progress: null, millisecondsLeft: null });
        const countdowns = {
          copy: createCountdown(),
          download: createCountdown(),
          check: createCountdown(),
        };
        const release = holdWakeLock();
        try {
          const id = await bringIn(looked, (progress) => {
            const { status } = get();
            if (status.kind !== "importing") return;
            const { stage, loaded, total, download } = progress;
            // What is here already was not downloaded just now, and says nothing of how fast that goes.
            const kept = download?.kept ?? 0;
            const millisecondsLeft =
              download?.waiting === true
                ? null
                : countdowns[stage](loaded - kept, total - kept, now());
            show({ ...importing, progress, millisecondsLeft, stopping: status.stopping });
          });
          show({ kind: "done", id, name, from: looked.from });
        } catch (error) {
          const stopped = error instanceof StudioError && error.code === "cancelled";
          show(
            stopped
              ? { kind: "stopped", name, request }
              : { kind: "failed", error, from: looked.from, request },
          );
        } finally {
          chosen = [];
          release();
          changed();
        }
      },
      async resume(request) {
        await get().lookAtServer(request);
        const { status } = get();
        if (status.kind === "reviewed") await get().start();
        // What was begun can still go on, whatever was in the way of looking at it.
        else if (status.kind === "failed") show({ ...status, request });
      },
      cancel() {
        const { status } = get();
        if (status.kind !== "importing") return;
        show({ ...status, stopping: true });
        // Where the hub cannot be asked any more, the import has ended by itself and says why.
        hub.cancel().catch(() => undefined);
      },
      dismiss() {
        const { status } = get();
        if (status.kind === "importing") return;
        if (status.kind === "looking" && status.from === "server") {
          hub.stopLooking().catch(() => undefined);
        }
        newest++;
        chosen = [];
        show({ kind: "idle" });
      },
    };
  });
}

/** A branch may move on; what is downloaded is what was looked at. */
function ofCommit(request: RemoteRequest, commit: string): RemoteRequest {
  return { ...request, address: { ...request.address, revision: commit } };
}
