/** @file How much work one dispatch is given: within WebGPU's grid, and far from any driver's watchdog. */

/** Workgroups along x, y and z. */
export type Grid = readonly [x: number, y: number, z: number];

export interface Bounds {
  /** Workgroups along one dimension. */
  readonly workgroups: number;
  /** Multiply-adds of one dispatch. */
  readonly multiplyAdds: number;
}

/**
 * 65535 is WebGPU's default limit, which every device has. Drivers reset a GPU that is busy with one dispatch for
 * about two seconds; 2e9 multiply-adds take 0.4 s on a GPU that reaches no more than 10 GFLOP/s.
 */
export const BOUNDS: Bounds = { workgroups: 65535, multiplyAdds: 2e9 };

/** `count` workgroups in a row, which goes on in further rows where the grid is not wide enough. */
export function rowsOf(count: number, { workgroups }: Bounds = BOUNDS): Grid {
  const x = Math.max(1, Math.min(count, workgroups));
  return [x, Math.ceil(count / x), 1];
}

/** A box of workgroups within a larger grid. */
export interface Block {
  readonly origin: Grid;
  readonly size: Grid;
}

/** Cuts a grid into boxes that stay within the bounds, where every workgroup does `multiplyAdds` of them. */
export function blocksOf(
  grid: Grid,
  multiplyAdds: number,
  bounds: Bounds = BOUNDS,
): readonly Block[] {
  let room = Math.max(1, Math.floor(bounds.multiplyAdds / multiplyAdds));
  const fit = (count: number): number => {
    const taken = Math.min(count, room, bounds.workgroups);
    room = Math.floor(room / taken);
    return taken;
  };
  const step: Grid = [fit(grid[0]), fit(grid[1]), fit(grid[2])];
  const blocks: Block[] = [];
  for (let z = 0; z < grid[2]; z += step[2]) {
    for (let y = 0; y < grid[1]; y += step[1]) {
      for (let x = 0; x < grid[0]; x += step[0]) {
        blocks.push({
          origin: [x, y, z],
          size: [
            Math.min(step[0], grid[0] - x),
            Math.min(step[1], grid[1] - y),
            Math.min(step[2], grid[2] - z),
          ],
        });
      }
    }
  }
  return blocks;
}
