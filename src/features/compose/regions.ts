/** @file Masks of regions, one number a latent: split evenly, and painted with a round brush. */

/** The picture in `count` equal stripes; mask `index` is 1 in its own. */
export function stripe(size: number, count: number, index: number, along: "x" | "y"): Float32Array {
  return Float32Array.from({ length: size * size }, (_, place) => {
    const position = along === "x" ? place % size : Math.floor(place / size);
    return Math.floor((position * count) / size) === index ? 1 : 0;
  });
}

/** The masks with a disc painted for one concept, and taken from the others. */
export function painted(
  masks: Readonly<Record<string, Float32Array>>,
  ids: readonly string[],
  own: string,
  size: number,
  brush: { readonly x: number; readonly y: number; readonly radius: number },
): Record<string, Float32Array> {
  const changed: Record<string, Float32Array> = { ...masks };
  for (const id of ids) {
    const before = masks[id];
    const mask = before?.length === size * size ? before.slice() : new Float32Array(size * size);
    for (let place = 0; place < mask.length; place++) {
      const dx = (place % size) + 0.5 - brush.x;
      const dy = Math.floor(place / size) + 0.5 - brush.y;
      if (dx * dx + dy * dy <= brush.radius * brush.radius) mask[place] = id === own ? 1 : 0;
    }
    changed[id] = mask;
  }
  return changed;
}
