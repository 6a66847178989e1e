/** @file The sample concepts and regularisation pictures that come with the studio. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { z } from "zod";
import { StudioError } from "../core/errors.ts";
import { parseMetadata } from "../core/image/captions.ts";
import type { CaptionedPicture, PhotoLibrary, PreparedPhoto } from "./photos.ts";

const sampleIndex = z.object({
  concepts: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      category: z.string(),
      files: z.array(z.string()).min(1),
    }),
  ),
  regularisation: z.array(
    z.object({ category: z.string(), folder: z.string(), count: z.number() }),
  ),
});

type SampleIndex = z.infer<typeof sampleIndex>;
export type SampleConcept = SampleIndex["concepts"][number];

/** Address of a file of the samples. */
export function sampleAddress(path: string): string {
  return `${import.meta.env.BASE_URL}samples/${path}`;
}

async function fetchSample(path: string): Promise<Response> {
  const response = await fetch(sampleAddress(path)).catch(() => null);
  // A single-page host answers every unknown path with its page.
  const html = response?.headers.get("content-type")?.startsWith("text/html") === true;
  if (response?.ok === true && !html) return response;
  throw new StudioError(
    "download-failed",
    `The sample "${path}" could not be fetched; check the connection and try again.`,
  );
}

async function fetchIndex(): Promise<SampleIndex> {
  const parsed = sampleIndex.safeParse(await (await fetchSample("index.json")).json());
  if (parsed.success) return parsed.data;
  throw new StudioError("download-failed", "The list of samples is damaged; reload the page.", {
    cause: parsed.error,
  });
}

export function useSampleIndex(): UseQueryResult<SampleIndex> {
  return useQuery({ queryKey: ["samples"], queryFn: fetchIndex });
}

/** The photos of a sample concept, cut as a person's own would be. */
export async function loadSamplePhotos(
  library: PhotoLibrary,
  { files }: SampleConcept,
  pictureSize: number,
): Promise<PreparedPhoto[]> {
  const photos: PreparedPhoto[] = [];
  for (const path of files) {
    const file = await (await fetchSample(path)).blob();
    const source = await library.open(file, path.slice(path.lastIndexOf("/") + 1));
    photos.push(await library.cut(source, null, pictureSize));
  }
  return photos;
}

/** The regularisation pictures of a category, or null where the studio has none. */
export async function loadSampleRegularisation(
  library: PhotoLibrary,
  category: string,
  pictureSize: number,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<CaptionedPicture[] | null> {
  const { regularisation } = await fetchIndex();
  const found = regularisation.find((set) => set.category === category.trim().toLowerCase());
  if (found === undefined) return null;
  const metadata = `${found.folder}/metadata.jsonl`;
  const lines = parseMetadata(await (await fetchSample(metadata)).text(), metadata);
  const pictures: CaptionedPicture[] = [];
  for (const { name, text } of lines) {
    const file = await (await fetchSample(`${found.folder}/${name}`)).blob();
    const { png } = await library.cut(await library.open(file, name), null, pictureSize);
    pictures.push({ caption: text, png });
    onProgress(pictures.length, lines.length);
  }
  return pictures;
}
