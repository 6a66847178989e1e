/** @file What takes up storage, in the words and colours of the page, largest use first. */
import type { StorageKind, StorageUse } from "../../state/storage-use.ts";

export interface StorageShare {
  readonly kind: StorageKind | "other";
  readonly name: string;
  readonly colour: string;
  readonly bytes: number;
}

const KINDS: Readonly<Record<StorageShare["kind"], { name: string; colour: string }>> = {
  models: { name: "Imported models", colour: "blue.7" },
  images: { name: "Images", colour: "teal.7" },
  concepts: { name: "Concepts", colour: "grape.7" },
  runs: { name: "Training runs", colour: "orange.7" },
  regularisation: { name: "Generated regularisation images", colour: "lime.8" },
  app: { name: "The studio and its default model, for use offline", colour: "cyan.7" },
  other: { name: "What the browser needs to keep them", colour: "gray.6" },
};

/** Every kind, whether it holds anything or not; what the browser counts beyond them comes last. */
export function sharesOf({ kinds, used }: StorageUse): StorageShare[] {
  const share = (kind: StorageShare["kind"], bytes: number): StorageShare => ({
    kind,
    ...KINDS[kind],
    bytes,
  });
  const known = Object.keys(KINDS)
    .filter((kind): kind is StorageKind => kind in kinds)
    .map((kind) => share(kind, kinds[kind]));
  const sum = known.reduce((total, { bytes }) => total + bytes, 0);
  // Browsers count late and in round numbers; less than what is known is no use.
  const other = used === null ? 0 : Math.max(0, used - sum);
  return [...known, ...(other > 0 ? [share("other", other)] : [])];
}
