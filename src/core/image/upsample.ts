/** @file A plane of numbers at a larger size, bilinear, as torch's interpolate(align_corners=False) does it. */

/** One number a place, row by row from the top. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** Values between those of the centres of the four nearest places; beyond the outermost centres they stay the same. */
export function upsample({ data, ...from }: Plane, width: number, height: number): Float32Array {
  const across = neighbours(from.width, width);
  const down = neighbours(from.height, height);
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, below] = down[y]!;
    for (let x = 0; x < width; x++) {
      const [left, right, beyond] = across[x]!;
      const row = (line: number): number =>
        (1 - beyond) * data[line * from.width + left]! + beyond * data[line * from.width + right]!;
      out[y * width + x] = (1 - below) * row(top) + below * row(bottom);
    }
  }
  return out;
}

/** For each of `to` places, the two old ones that it lies between, and how far it is from the first. */
function neighbours(from: number, to: number): (readonly [number, number, number])[] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const first = Math.floor(at);
    return [first, Math.min(from - 1, first + 1), at - first] as const;
  });
}
