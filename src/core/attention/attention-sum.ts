/**
 * @file Cross-attention of many denoising steps added up, and what of it a word has: one heat map on the latents' grid.
 *
 *   heat(word) = Σ over steps, blocks b and tokens t of the word  up(M_b[:, t])  /  (steps · blocks)
 *
 * M_b is a block's mean over its heads (core/surgery/expose-attention.ts), up resamples it to the grid. Up keeps sums, so
 * that the heat of all tokens adds up to 1 at each place: heat is the share of attention that a place gives to a word.
 */
import { upsample } from "../image/upsample.ts";
import type { PromptWord } from "../text/prompt-words.ts";

/** M of one resolution and one picture: [T, L], T = height · width, the mean of so many blocks. */
export interface TokenMaps {
  readonly height: number;
  readonly width: number;
  readonly blocks: number;
  readonly data: ArrayLike<number>;
}

/** A word of a prompt, and its heat on the latents' grid, row by row. */
export interface WordHeat {
  readonly text: string;
  readonly heat: Float32Array<ArrayBuffer>;
}

type Sum = Omit<TokenMaps, "data"> & { readonly data: Float64Array };

export class AttentionSum {
  private readonly tokens: number;
  private sums: readonly Sum[] = [];
  private steps = 0;

  /** @param tokens L, number of text positions */
  constructor(tokens: number) {
    this.tokens = tokens;
  }

  /** Adds one step: every resolution once, the same ones each time. */
  add(maps: readonly TokenMaps[]): void {
    if (this.steps === 0) {
      this.sums = maps.map((map) => ({ ...map, data: new Float64Array(map.data.length) }));
    }
    this.sums.forEach(({ data }, i) => {
      const step = maps[i]!.data;
      for (let at = 0; at < data.length; at++) data[at]! += step[at]!;
    });
    this.steps++;
  }

  /** Heat [height, width] of each word. */
  heats(words: readonly PromptWord[], height: number, width: number): WordHeat[] {
    return words.map(({ text, positions }) => ({
      text,
      heat: this.heat(positions, height, width),
    }));
  }

  /** Heat [height, width] of the tokens at some text positions, together. */
  heat(positions: readonly number[], height: number, width: number): Float32Array<ArrayBuffer> {
    const heat = new Float32Array(height * width);
    const blocks = this.sums.reduce((sum, map) => sum + map.blocks, 0);
    for (const map of this.sums) {
      const own = new Float32Array(map.height * map.width);
      for (let place = 0; place < own.length; place++) {
        for (const position of positions) own[place]! += map.data[place * this.tokens + position]!;
      }
      const share = map.blocks / (blocks * this.steps);
      const large = upsample({ ...map, data: own }, width, height);
      for (let place = 0; place < heat.length; place++) heat[place]! += share * large[place]!;
    }
    return heat;
  }
}
