/** @file Examples: every view with its words, its mask and the latents of what it shows; how many there are; stopping. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { flipHorizontally, squareOf } from "../../core/image/geometry.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { resize } from "../../core/image/resize.ts";
import { readModel } from "../model/read-model.ts";
import { openVaeEncoder, type VaeEncoder } from "../model/vae.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import {
  type Example,
  type ExampleOptions,
  regularisationExamples,
  targetExamples,
  type View,
  viewCount,
} from "./examples.ts";

const SAMPLE_SIZE = 16;
/** Pixels a side: eight a latent. */
const SIZE = 8 * SAMPLE_SIZE;
const CAPTION = "photo of a <new1> bear";
const FAR = /^(a far away|very small) photo/;
const PREFIXED = /^(a far away |very small |zoomed in |close up )?photo of a <new1> bear$/;

/** Seeded noise, clipped to [-1, 1]. */
function picture(name: string, width: number, height: number): Planes {
  const data = normals(5, name, 3 * width * height).map((x) => Math.max(-1, Math.min(1, x / 2)));
  return { width, height, data };
}

const PHOTOS = [picture("wide", 140, 100), picture("tall", 96, 150)].map((photo) => ({
  picture: photo,
  caption: CAPTION,
}));

let vae: VaeEncoder;
beforeAll(async () => {
  vae = await openVaeEncoder(await readModel("nano", await nanoFiles("dynamo")), nodeRuntime(1));
});
afterAll(() => vae.release());

function options(changes: Partial<ExampleOptions> = {}): ExampleOptions {
  return { size: SIZE, onView: () => undefined, ...changes };
}

/** Latents of a picture that fills the view. */
async function latentsOf(shown: Planes, flip: boolean) {
  const whole = resize(squareOf(shown), SIZE, SIZE, "bicubic");
  return vae.encode(flip ? flipHorizontally(whole) : whole);
}

function expectShaped(view: View): void {
  const { latents, mask } = view;
  expect(mask).toHaveLength(SAMPLE_SIZE ** 2);
  for (const moment of [latents.mean, latents.deviation]) {
    expect(moment).toHaveLength(4 * SAMPLE_SIZE ** 2);
    expect(moment.every(Number.isFinite)).toBe(true);
  }
  expect(latents.deviation.every((x) => x > 0)).toBe(true);
}

const AUGMENTED = { augmented: true, views: 8, seed: 1 };

describe("photos of a concept", () => {
  let examples: Example[];
  let seen = 0;
  beforeAll(async () => {
    examples = await targetExamples(vae, PHOTOS, AUGMENTED, options({ onView: () => seen++ }));
  });

  it("come in as many views as asked for", () => {
    expect(examples.map((views) => views.length)).toEqual([8, 8]);
    expect(seen).toBe(viewCount(2, 0, { augment: true, views: 8 }));
  });

  it("each with words and a mask that fit what is seen", () => {
    const views = examples.flat();
    for (const view of views) {
      expectShaped(view);
      expect(view.caption).toMatch(PREFIXED);
      const inside = view.mask.reduce((sum, x) => sum + x, 0);
      expect(view.mask.every((x) => x === 0 || x === 1)).toBe(true);
      if (FAR.test(view.caption)) {
        expect(inside).toBeGreaterThan(0);
        // The photo is at most 0.6 times the view.
        expect(inside).toBeLessThanOrEqual((0.6 * SAMPLE_SIZE) ** 2);
      } else expect(inside).toBe(SAMPLE_SIZE ** 2);
    }
    // Far away, filling the view, and zoomed in: all three are among sixteen.
    const words = new Set(views.map(({ caption }) => caption.replace(CAPTION, "").slice(0, 2)));
    expect(words).toContain("");
    expect(views.some(({ caption }) => FAR.test(caption))).toBe(true);
    expect(views.some(({ caption }) => /^(zoomed|close)/.test(caption))).toBe(true);
  });

  it("and the latents of that: what fills the view is the photo's square, mirrored or not", async () => {
    for (const [i, views] of examples.entries()) {
      const plain = await latentsOf(PHOTOS[i]!.picture, false);
      const mirrored = await latentsOf(PHOTOS[i]!.picture, true);
      for (const { caption, latents } of views) {
        const distances = [plain, mirrored].map(({ mean }) => relativeL2(latents.mean, mean));
        if (caption === CAPTION) expect(Math.min(...distances)).toBe(0);
        else expect(Math.min(...distances)).toBeGreaterThan(0.01);
      }
    }
  });

  it("are all different, the same again for a seed, and others for another", async () => {
    const means = examples.flat().map(({ latents }) => latents.mean.join());
    // Two that fill the view may be the same twice, mirrored twice.
    const distinct = new Set(means).size;
    const filling = examples.flat().filter(({ caption }) => caption === CAPTION).length;
    expect(distinct).toBeGreaterThanOrEqual(means.length - filling);
    const fewer = await targetExamples(
      vae,
      PHOTOS.slice(0, 1),
      { ...AUGMENTED, views: 3 },
      options(),
    );
    expect(fewer[0]).toEqual(examples[0]!.slice(0, 3));
    const others = await targetExamples(
      vae,
      PHOTOS.slice(0, 1),
      { ...AUGMENTED, seed: 2 },
      options(),
    );
    expect(others[0]).not.toEqual(examples[0]);
  });

  it("come as they are where they are not to be augmented", async () => {
    const settings = { ...AUGMENTED, augmented: false };
    let count = 0;
    const plain = await targetExamples(vae, PHOTOS, settings, options({ onView: () => count++ }));
    expect(count).toBe(viewCount(2, 0, { augment: false, views: 8 }));
    for (const [i, views] of plain.entries()) {
      expect(views.map(({ caption }) => caption)).toEqual([CAPTION]);
      expect(views[0]!.mask.every((x) => x === 1)).toBe(true);
      expect(views[0]!.latents).toEqual(await latentsOf(PHOTOS[i]!.picture, false));
    }
  });
});

describe("regularisation images", () => {
  it("come as they are and flipped, with their own captions", async () => {
    const images = PHOTOS.map((photo, i) => ({ ...photo, caption: `a bear ${i}` }));
    let count = 0;
    const examples = await regularisationExamples(vae, images, options({ onView: () => count++ }));
    expect(count).toBe(viewCount(0, 2, { augment: true, views: 8 }));
    for (const [i, views] of examples.entries()) {
      expect(views.map(({ caption }) => caption)).toEqual([`a bear ${i}`, `a bear ${i}`]);
      expect(views.every(({ mask }) => mask.every((x) => x === 1))).toBe(true);
      views.forEach(expectShaped);
      const { picture: shown } = images[i]!;
      const expected = [await latentsOf(shown, false), await latentsOf(shown, true)];
      expect(views.map(({ latents }) => latents)).toEqual(expected);
      expect(relativeL2(expected[0]!.mean, expected[1]!.mean)).toBeGreaterThan(0.01);
    }
  });
});

it("stops between views on request", async () => {
  const signal = { aborted: false };
  let count = 0;
  const onView = (): void => {
    count++;
    signal.aborted = count === 2;
  };
  const made = targetExamples(vae, PHOTOS, AUGMENTED, options({ onView, signal }));
  await expect(made).rejects.toMatchObject({ code: "cancelled" });
  expect(count).toBe(2);
});
