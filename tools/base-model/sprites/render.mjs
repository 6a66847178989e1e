/**
 * @file Renders the vector picture sets to PNG files of 256 px, one for each name and set.
 *
 * The renderer ends the whole process on a picture it cannot draw, so the work runs in a child
 * process that is started again until it gets through. An empty file marks a picture as tried.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const SETS = ["noto", "twemoji", "fluent-emoji-flat", "emojione"];
const SIZE = 256;
/** A picture set that crashes the renderer more often than this is broken. */
const MOST_CRASHES = 50;

/** The SVG text of an icon, or undefined where the set has no such icon. */
function svgOf(set, slug) {
  const icon = set.icons[slug] ?? set.icons[set.aliases?.[slug]?.parent];
  if (!icon) return undefined;
  const width = icon.width ?? set.width ?? 16;
  const height = icon.height ?? set.height ?? 16;
  const viewBox = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
  const namespaces =
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<svg ${namespaces} viewBox="${viewBox}" width="${SIZE}" height="${SIZE}">${icon.body}</svg>`;
}

/** Renders every picture that has no file yet. */
function renderMissing(packages, folder) {
  const require = createRequire(path.resolve(packages, "package.json"));
  const { Resvg } = require("@resvg/resvg-js");
  const names = JSON.parse(fs.readFileSync(path.join(folder, "names.json"), "utf8"));
  fs.mkdirSync(path.join(folder, "png"), { recursive: true });
  for (const setName of SETS) {
    const set = require(`@iconify-json/${setName}/icons.json`);
    for (const { slug } of names) {
      const svg = svgOf(set, slug);
      const file = path.join(folder, "png", `${setName}__${slug}.png`);
      if (svg === undefined || fs.existsSync(file)) continue;
      fs.writeFileSync(file, "");
      const picture = new Resvg(svg, { fitTo: { mode: "width", value: SIZE } }).render();
      fs.writeFileSync(file, picture.asPng());
    }
  }
}

/** Pictures that the renderer could not draw. */
function failedPictures(folder) {
  const pictures = path.join(folder, "png");
  if (!fs.existsSync(pictures)) return [];
  return fs.readdirSync(pictures).filter((f) => fs.statSync(path.join(pictures, f)).size === 0);
}

const { values: options } = parseArgs({
  options: {
    packages: { type: "string" },
    out: { type: "string" },
    child: { type: "boolean", default: false },
  },
});
if (!options.packages || !options.out) {
  console.error("Usage: node render.mjs --packages FOLDER_OF_NODE_MODULES --out FOLDER");
  process.exit(2);
}
if (options.child) {
  renderMissing(options.packages, options.out);
} else {
  const self = fileURLToPath(import.meta.url);
  const command = [self, "--child", "--packages", options.packages, "--out", options.out];
  let failures = failedPictures(options.out).length;
  while (spawnSync(process.execPath, command).status !== 0) {
    const now = failedPictures(options.out).length;
    if (now === failures || now > MOST_CRASHES) {
      // Not a picture's fault: run once more with its message shown.
      process.exit(spawnSync(process.execPath, command, { stdio: "inherit" }).status ?? 1);
    }
    failures = now;
  }
  const failed = failedPictures(options.out);
  console.log(`rendered; not drawable: ${failed.length === 0 ? "none" : failed.join(", ")}`);
}
