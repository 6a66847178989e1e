/** @file Draws the PNG icons of the installed app from public/icon.svg: `npm run generate:icons`. */
import { readFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { projectRoot } from "./npm.mjs";

const folder = path.join(projectRoot, "public");
const svg = readFileSync(path.join(folder, "icon.svg"), "utf8");
const BLUE = "#1864ab";
if (!svg.includes(`fill="${BLUE}"`)) throw new Error(`public/icon.svg is not ${BLUE} any more`);

/**
 * @param {string} name
 * @param {number} size
 * @param {number} share of the width that the drawing takes; what is left is background to all edges
 */
async function write(name, size, share = 1) {
  const inner = Math.round(size * share);
  const drawing = await sharp(Buffer.from(svg), { density: (72 * size) / 32 })
    .resize(inner, inner)
    .png()
    .toBuffer();
  const canvas = { width: size, height: size, channels: /** @type {const} */ (4) };
  const background = share === 1 ? "#00000000" : BLUE;
  await sharp({ create: { ...canvas, background } })
    .composite([{ input: drawing }])
    .png({ compressionLevel: 9, palette: true })
    .toFile(path.join(folder, name));
}

await write("icon-192.png", 192);
await write("icon-512.png", 512);
// Launchers cut maskable icons to a shape of theirs: 80 % in the middle is always seen.
await write("icon-maskable-512.png", 512, 0.7);
await write("apple-touch-icon.png", 180, 0.8);
