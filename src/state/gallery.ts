/** @file Stored images for the page: the list, and what a person does to them. */
import {
  type QueryClient,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { images, type ImageRecord } from "../storage/images.ts";

export type { ImageRecord };

export interface ImageList {
  /** Newest first. */
  readonly images: readonly ImageRecord[];
  /** Records of another version of the studio, which are left as they are. */
  readonly unreadable: number;
}

const KEY = ["images"] as const;

const newestFirst = (a: ImageRecord, b: ImageRecord): number => b.createdAt - a.createdAt;

/**
 * Records never change, so one that is known stays the same object: a list that is read again draws nothing again and
 * loads no picture twice.
 */
function keepKnown(before: ImageList | undefined, read: ImageList): ImageList {
  const known = new Map(before?.images.map((record) => [record.id, record]));
  return { ...read, images: read.images.map((record) => known.get(record.id) ?? record) };
}

export function useImages(): UseQueryResult<ImageList> {
  const client = useQueryClient();
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<ImageList> => {
      const { records, unreadable } = await images.list();
      const read = { images: records.sort(newestFirst), unreadable };
      return keepKnown(client.getQueryData<ImageList>(KEY), read);
    },
    // Blobs are not to be looked into; keepKnown does what sharing is for.
    structuralSharing: false,
    // Another tab may have painted or deleted some meanwhile.
    refetchOnWindowFocus: "always",
  });
}

/** Changes the list in memory; one that is being read at the moment is read again instead. */
async function changeList(
  client: QueryClient,
  change: (images: readonly ImageRecord[]) => ImageRecord[],
): Promise<void> {
  if (client.isFetching({ queryKey: KEY }) > 0) {
    await client.invalidateQueries({ queryKey: KEY });
    return;
  }
  client.setQueryData<ImageList>(KEY, (list) =>
    list === undefined ? undefined : { ...list, images: change(list.images) },
  );
}

const withRecords =
  (added: readonly ImageRecord[]) =>
  (list: readonly ImageRecord[]): ImageRecord[] => {
    const known = new Set(list.map(({ id }) => id));
    return [...list, ...added.filter(({ id }) => !known.has(id))].sort(newestFirst);
  };

/** To be called when the engine has stored an image. */
export async function imageStored(client: QueryClient, id: string): Promise<void> {
  const record = await images.get(id);
  if (record !== undefined) await changeList(client, withRecords([record]));
}

export function useRemoveImage(): UseMutationResult<void, Error, ImageRecord> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id }) => images.remove(id),
    onSuccess: (_, { id }) =>
      changeList(client, (list) => list.filter((record) => record.id !== id)),
  });
}

/** Undoes a removal: the records are put back as they were. */
export function useRestoreImages(): UseMutationResult<void, Error, readonly ImageRecord[]> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (records) => {
      for (const record of records) await images.put(record);
    },
    // Also where one of several could not be put back.
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
