/** @file Photos that a person chose: read, and cut to the squares that training takes. */
import { createContext, useContext } from "react";
import { StudioError } from "../core/errors.ts";
import type { Square } from "../core/image/training-square.ts";
import type { OpenedPhoto, PhotosApi } from "../rpc/photos-contract.ts";

/** A photo as a training run takes it. */
export interface PreparedPhoto {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly digest: string;
  /** A square PNG, at most three times the model's picture size a side. */
  readonly png: Blob;
}

/** A regularisation picture as a training run takes it. */
export interface CaptionedPicture {
  readonly caption: string;
  /** A square PNG, as of photos. */
  readonly png: Blob;
}

/** The file that a photo was cut from. */
export interface PhotoSource extends OpenedPhoto {
  readonly file: Blob;
  readonly name: string;
  /** What was cut out; null is the largest square in the middle. */
  readonly square: Square | null;
}

export interface PhotoLibrary {
  /** Rejects with a StudioError "invalid-input" that names the file where it cannot be read. */
  open(file: Blob, name: string): Promise<PhotoSource>;
  /** @param id of the photo where it is one that is cut anew */
  cut(
    source: PhotoSource,
    square: Square | null,
    pictureSize: number,
    id?: string,
  ): Promise<PreparedPhoto>;
  /** What the photo was cut from, or its square where nobody knows any more. */
  sourceOf(photo: PreparedPhoto): Promise<PhotoSource>;
  /** Whether another photo looks much like this one, as far as that is known. */
  looksLike(one: PreparedPhoto, other: PreparedPhoto): boolean;
}

/** Of 64 bits of likeness; photos taken one after the other differ in more. */
const ALIKE = 3;

export function createPhotoLibrary(photos: PhotosApi): PhotoLibrary {
  // By the square and weakly: a photo that is removed lets go of its file.
  const sources = new WeakMap<Blob, PhotoSource>();
  const open = async (file: Blob, name: string): Promise<PhotoSource> => ({
    ...(await photos.openPhoto(file, name)),
    file,
    name,
    square: null,
  });
  return {
    open,
    async cut(source, square, pictureSize, id = crypto.randomUUID()) {
      const { file, name, digest } = source;
      const png = await photos.squarePng(file, name, square, pictureSize);
      sources.set(png, { ...source, square });
      return { id, name, digest, png };
    },
    async sourceOf({ png, name, digest }) {
      const known = sources.get(png);
      if (known !== undefined) return known;
      const source = { ...(await open(png, name)), digest };
      sources.set(png, source);
      return source;
    },
    looksLike(one, other) {
      const [a, b] = [sources.get(one.png), sources.get(other.png)];
      if (a === undefined || b === undefined) return false;
      return differingBits(a.likeness, b.likeness) <= ALIKE;
    },
  };
}

function differingBits(a: string, b: string): number {
  let differing = BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
  let count = 0;
  for (; differing > 0n; differing >>= 1n) count += Number(differing & 1n);
  return count;
}

export const PhotoContext = createContext<PhotoLibrary | null>(null);

export function usePhotoLibrary(): PhotoLibrary {
  const library = useContext(PhotoContext);
  if (library === null) {
    throw new StudioError("internal", "No photo library was provided to this component.");
  }
  return library;
}
