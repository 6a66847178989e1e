/** @file How a generated image was made, in its PNG file: as the studio reads it again, and as other programs do. */
import type { SamplerName } from "../diffusion/sampler.ts";
import { type ImageSettings, parseImageSettings } from "./image-settings.ts";
import type { Pixels } from "./pixels.ts";
import { encodePng } from "./png.ts";
import { damagedPng, readChunks } from "./png-chunks.ts";
import { readTextChunk } from "./png-text.ts";

const KEYWORD = "custom-diffusion-studio";
/** The longest settings that are allowed, all of it escaped, are a quarter of this. */
const MOST_CHARACTERS = 1_000_000;

/** A PNG file that carries its settings, for the studio and for programs that read AUTOMATIC1111's format. */
export function encodeImage(pixels: Pixels, settings: ImageSettings): Uint8Array<ArrayBuffer> {
  return encodePng(pixels, {
    parameters: parametersText(settings, pixels),
    [KEYWORD]: asciiJson(settings),
  });
}

/**
 * The settings that a PNG file carries, or null where it carries none of this studio's. Pixels are not looked at.
 *
 * @throws StudioError "invalid-input" where the file is no PNG, or it or the settings are damaged
 */
export function readImageSettings(bytes: Uint8Array): ImageSettings | null {
  let settings: ImageSettings | null = null;
  for (const chunk of readChunks(bytes)) {
    if (settings !== null) continue;
    const found = readTextChunk(chunk);
    if (found?.keyword === KEYWORD) settings = parseImageSettings(parseJson(found.text));
  }
  return settings;
}

/** tEXt holds Latin-1 only, and JSON can say everything in less than that. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function parseJson(text: string): unknown {
  if (text.length > MOST_CHARACTERS) damagedPng();
  try {
    return JSON.parse(text);
  } catch (cause) {
    return damagedPng(cause);
  }
}

/** As AUTOMATIC1111 calls them. */
const SAMPLER_LABELS: Readonly<Record<SamplerName, string>> = {
  ddim: "DDIM",
  pndm: "PLMS",
  "euler-a": "Euler a",
  "dpmpp-2m": "DPM++ 2M",
};

function parametersText(settings: ImageSettings, { width, height }: Pixels): string {
  const { prompt, negativePrompt, sampler, steps, guidance, seed, model, eta } = settings;
  const fields: (readonly [string, string | number])[] = [
    ["Steps", steps],
    ["Sampler", SAMPLER_LABELS[sampler]],
    ["CFG scale", guidance],
    ["Seed", seed],
    ["Size", `${width}x${height}`],
    ["Model", model.id],
  ];
  if (eta > 0) fields.push(["Eta", eta]);
  const lines = [
    prompt,
    ...(negativePrompt === "" ? [] : [`Negative prompt: ${negativePrompt}`]),
    fields.map(([name, value]) => `${name}: ${quoted(String(value))}`).join(", "),
  ];
  return lines.join("\n");
}

/** What would be taken for the end of a value is quoted, as AUTOMATIC1111 does. */
function quoted(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value;
}
