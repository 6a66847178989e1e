/** @file Pictures scored against photos of a concept and against the prompts they were made from. */
import {
  imageAlignment,
  type Score,
  selfAlignment,
  textAlignment,
  type TextScore,
} from "../../core/evaluate/scores.ts";
import type { Planes } from "../../core/image/pixels.ts";
import type { ClipTokenizer } from "../../core/text/clip-tokenizer.ts";
import type { Clip } from "./clip.ts";

export interface ScoredPicture {
  readonly picture: Planes;
  /** The prompt without modifier tokens, which CLIP does not know. */
  readonly caption: string;
}

export interface PictureScores {
  /** Mean cosine of every picture to every photo. */
  readonly imageAlignment: Score;
  /** Mean cosine of every picture to its own caption. */
  readonly textAlignment: TextScore;
  /** Mean cosine of the photos among themselves; null where there is one only. */
  readonly photoAlignment: Score | null;
}

export async function scorePictures(
  clip: Clip,
  tokenizer: ClipTokenizer,
  pictures: readonly ScoredPicture[],
  photos: readonly Planes[],
): Promise<PictureScores> {
  const generated = await clip.embedImages(pictures.map(({ picture }) => picture));
  const wanted = await clip.embedImages(photos);
  const ids = pictures.map(({ caption }) => tokenizer.encode(caption).ids);
  return {
    imageAlignment: imageAlignment(generated, wanted),
    textAlignment: textAlignment(generated, await clip.embedTexts(ids)),
    photoAlignment: wanted.length > 1 ? selfAlignment(wanted) : null,
  };
}
