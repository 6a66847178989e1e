/** @file Photos in the worker: opened, looked at, and cut to the squares that training reads. */
import { toPixels } from "../core/image/convert.ts";
import { encodePng } from "../core/image/png.ts";
import { middleSquare, trainingSquare } from "../core/image/training-square.ts";
import type { PhotosApi } from "../rpc/photos-contract.ts";
import { likenessOf, previewOf, readSquare } from "./bitmap.ts";
import { decodePicture } from "./decode.ts";
import { readFile, sha256 } from "./read-file.ts";

interface Decoded {
  readonly digest: string;
  readonly bitmap: ImageBitmap;
}

export function createPhotos(): PhotosApi {
  // A photo is first opened and then cut, and 12 megapixels are 48 MB: the last one is kept, and no more.
  let last: Decoded | null = null;
  let previous: Promise<unknown> = Promise.resolve();

  /** One at a time, for the sake of memory. */
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const result = previous.then(action);
    previous = result.catch(() => undefined);
    return result;
  };

  const decode = async (file: Blob, name: string): Promise<Decoded> => {
    const bytes = await readFile(file, name);
    const digest = await sha256(bytes);
    if (last?.digest === digest) return last;
    last?.bitmap.close();
    last = null;
    last = { digest, bitmap: await decodePicture(bytes, name) };
    return last;
  };

  return {
    openPhoto: (file, name) =>
      inTurn(async () => {
        const { digest, bitmap } = await decode(file, name);
        const { width, height } = bitmap;
        const preview = await previewOf(bitmap);
        return { digest, likeness: likenessOf(bitmap), width, height, preview };
      }),
    squarePng: (file, name, square, size) =>
      inTurn(async () => {
        const { bitmap } = await decode(file, name);
        const pixels = readSquare(bitmap, square ?? middleSquare(bitmap));
        const png = encodePng(toPixels(trainingSquare(pixels, size)));
        return new Blob([png], { type: "image/png" });
      }),
  };
}
