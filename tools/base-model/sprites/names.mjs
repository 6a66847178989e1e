/** @file Chooses the emoji that the world shows, by group and name, and writes names.json. */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";

/** Groups of emoji that show things. The groups of people, faces, flags and symbols stay out. */
const GROUPS = new Set([
  "Animals & Nature",
  "Food & Drink",
  "Travel & Places",
  "Activities",
  "Objects",
]);

/** Figures that are kept although their group is left out. */
const FIGURES =
  /^(robot|alien|ghost|skull|clown face|pile of poo|alien monster|jack-o-lantern|snowman)$/;

/**
 * Parts of names that are left out: flat signs, papers, weather, landscapes and buildings that
 * would compete with the drawn scenes, weapons, medical and religious things, and things that look
 * like nothing without their surroundings. A trailing $ ties a part to the end of the name.
 */
const LEFT_OUT = [
  // clocks, sky and weather
  "clock|o’clock|thirty|moon|sunrise|sunset|night|milky|foggy|cityscape|globe|map|sun behind",
  "cloud|wind face|fog|cyclone|splash|water wave|droplet|fire$|comet|snowflake|voltage|rainbow",
  "tornado|shooting|glowing|ringed|star$|sun$|sun with|thermometer",
  // prizes, games and sports
  "medal|ticket|mahjong|joker|flower playing|suit|goal net|flag in|martial|running shirt|lacrosse",
  "hockey|cricket game|bowling|tennis|badminton|ping pong|bullseye|slot|performing|framed",
  // papers, money, signs and switches
  "card index|chart|banknote|yen|dollar|speaker|bell with slash|identification|x-ray|elevator",
  "placard|level slider|control knobs|bubbles|link|page|receipt|envelope|inbox|outbox|e-mail|label",
  "memo|nib|notebook with|incoming|calendar|clip|increasing|decreasing|locked with|lock|broken",
  "trackball|film|disk$|dvd|pager|fax|antenna|low battery|plug|money|coin|credit|bookmark",
  "newspaper|scroll|ballot|postbox|mailbox|spiral|sound|mute|pin",
  // festivities
  "fireworks|sparkler|knot|thread|needle|confetti|party|tanabata|pine decoration|dolls|streamer",
  "wind chime|ceremony|red envelope|reminder|sparkles|firecracker|wedding",
  // bodies, medicine, harm and death
  "bathroom|cigarette|syringe|blood|coffin|headstone|urn|briefs|bikini|toilet|razor|bomb|dagger",
  "pistol|microbe|dna|cockroach|sari|one-piece|lotion|bandage|crutch|stethoscope|pill|petri",
  "mouse trap|plunger",
  // places and religion
  "statue|tokyo|fuji|japan|shinto|kaaba|mosque|synagogue|hindu|prayer|landslide|derelict",
  "love hotel|hamsa|nazar|volcano|national park|stadium|brick$|rock$|hot springs|bridge|barber",
  "camping|beach with|desert|mountain|houses|office|building|hospital|bank|hotel|school|store",
  "factory|church",
  // traffic
  "stop sign|construction|motorway|railway track|railway|cableway|tramway|oil drum|bus stop",
  "traffic|police car light|departure|arrival|wheel$|seat|station|cover|horizontal|vertical",
];

/** The file name of a picture of an emoji: its name in kebab-case. */
function slugOf(name) {
  return name
    .toLowerCase()
    .replace(/[’']/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** Code points in hexadecimal, as the 3-D set names its files. */
function codeOf(emoji) {
  return [...emoji].map((character) => character.codePointAt(0).toString(16)).join("-");
}

function entryOf([emoji, { name, group }]) {
  return { emoji, name, slug: slugOf(name), group, code: codeOf(emoji) };
}

const { values: options } = parseArgs({
  options: { packages: { type: "string" }, out: { type: "string" } },
});
if (!options.packages || !options.out) {
  console.error("Usage: node names.mjs --packages FOLDER_OF_NODE_MODULES --out FOLDER");
  process.exit(2);
}
const require = createRequire(path.resolve(options.packages, "package.json"));
const emojis = Object.entries(require("unicode-emoji-json/data-by-emoji.json"));
const leftOut = new RegExp(LEFT_OUT.join("|"), "i");
const things = emojis.filter(([, { name, group }]) => GROUPS.has(group) && !leftOut.test(name));
const known = new Set(things.map(([, { name }]) => name));
const figures = emojis.filter(([, { name }]) => FIGURES.test(name) && !known.has(name));
const names = [...things, ...figures].map(entryOf);
fs.mkdirSync(options.out, { recursive: true });
fs.writeFileSync(path.join(options.out, "names.json"), JSON.stringify(names));
console.log(`${names.length} names`);
