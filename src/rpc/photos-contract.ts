/** @file What the page may ask of the photos worker, as types only; both sides are held to them. */
import type { Square } from "../core/image/training-square.ts";

export interface OpenedPhoto {
  /** SHA-256 of the file, in hexadecimal. */
  readonly digest: string;
  /** 16 hexadecimal digits that hardly differ between pictures that look alike. */
  readonly likeness: string;
  /** Of the picture, upright. */
  readonly width: number;
  readonly height: number;
  /** The whole picture as a JPEG, at most 1280 px a side. */
  readonly preview: Blob;
}

/** Decodes photos outside of the page's thread. Calls reject with a StudioError that names the file. */
export interface PhotosApi {
  /** Reads a picture, whatever its name says it is. */
  openPhoto(file: Blob, name: string): Promise<OpenedPhoto>;
  /**
   * A square of a picture as a PNG, reduced to at most three times `size` a side.
   *
   * @param square in pixels of the upright picture; null is the largest one in the middle
   */
  squarePng(file: Blob, name: string, square: Square | null, size: number): Promise<Blob>;
}
