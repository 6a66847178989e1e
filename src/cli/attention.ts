/** @file `--attention FOLDER`: beside each image one picture a word of its prompt, its heat map laid over the image. */
import path from "node:path";
import { AttentionSum, type TokenMaps } from "../core/attention/attention-sum.ts";
import type { GenerateRequest } from "../core/diffusion/generate-request.ts";
import { StudioError } from "../core/errors.ts";
import { highestHeat, overlayHeat } from "../core/image/heat-colours.ts";
import type { Pixels } from "../core/image/pixels.ts";
import { encodePng } from "../core/image/png.ts";
import { CLIP_TOKENS } from "../core/text/clip-tokenizer.ts";
import type { PromptWord } from "../core/text/prompt-words.ts";
import type { Model } from "../engine/model/read-model.ts";
import { writeFileAtomically } from "./files/write-file.ts";
import type { Raw } from "./options.ts";
import { textOption } from "./options.ts";
import { openOutFolder, slug } from "./paint.ts";

/** How much of the picture the map covers. */
const OPACITY = 0.65;

interface WordPicture {
  readonly word: string;
  readonly file: string;
  /** What the lightest colour stands for: the largest share of attention that a place gives the word. */
  readonly highest: number;
}

export class AttentionFolder {
  private readonly folder: string;
  private readonly model: Model;
  private sum = new AttentionSum(CLIP_TOKENS);
  /** One list an image, in their order. */
  readonly images: WordPicture[][] = [];

  private constructor(folder: string, model: Model) {
    this.folder = folder;
    this.model = model;
  }

  /**
   * Undefined where the option was not given.
   * @throws StudioError "invalid-input" where the folder cannot be made, or images are sampled together
   */
  static async open(
    raw: Raw,
    model: Model,
    { batch }: GenerateRequest,
  ): Promise<AttentionFolder | undefined> {
    const folder = textOption("attention", raw);
    if (folder === null) return undefined;
    if (batch !== 1) {
      throw new StudioError(
        "invalid-input",
        "--attention records one image at a time; leave out --batch.",
      );
    }
    await openOutFolder(folder, "--attention");
    return new AttentionFolder(folder, model);
  }

  /** Hears of every step of the image that is being sampled. */
  readonly onAttention = (maps: readonly TokenMaps[]): void => this.sum.add(maps);

  /** Writes what was heard since the last image. @param stem of the image's file name */
  async write(stem: string, picture: Pixels, words: readonly PromptWord[]): Promise<void> {
    const [, , height, width] = this.model.unet.latents;
    const heats = this.sum.heats(words, height, width);
    this.sum = new AttentionSum(CLIP_TOKENS);
    const own: WordPicture[] = [];
    for (const [i, { text, heat }] of heats.entries()) {
      const number = String(i + 1).padStart(2, "0");
      const file = path.join(this.folder, `${stem}-${number}-${slug(text)}.png`);
      const overlay = overlayHeat(picture, { width, height, data: heat }, OPACITY);
      await writeFileAtomically(file, encodePng(overlay));
      own.push({ word: text, file, highest: highestHeat(heat) });
    }
    this.images.push(own);
  }
}
