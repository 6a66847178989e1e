/** @file Texts in a PNG file: tEXt where Latin-1 can say it, iTXt in UTF-8 where not, as Pillow writes them too. */
import { type PngChunk, requireIntact } from "./png-chunks.ts";

/** @param keyword 1 to 79 Latin-1 characters */
export function textChunk(keyword: string, text: string): Pick<PngChunk, "type" | "data"> {
  // A zero ends the keyword, and no text may hold one.
  const clean = text.replaceAll("\0", "");
  if (isLatin1(clean)) return { type: "tEXt", data: fromLatin1(`${keyword}\0${clean}`) };
  // Not compressed, of no language, its keyword not translated.
  const head = fromLatin1(`${keyword}\0\0\0\0\0`);
  const utf8 = new TextEncoder().encode(clean);
  const data = new Uint8Array(head.length + utf8.length);
  data.set(head);
  data.set(utf8, head.length);
  return { type: "iTXt", data };
}

/**
 * Keyword and text, or null where the chunk is no text, not laid out as one, or compressed; those are left alone, since
 * a few bytes of them can stand for gigabytes.
 *
 * @throws StudioError "invalid-input" where it is damaged
 */
export function readTextChunk(chunk: PngChunk): { keyword: string; text: string } | null {
  if (chunk.type !== "tEXt" && chunk.type !== "iTXt") return null;
  requireIntact(chunk);
  const { data } = chunk;
  const end = data.indexOf(0);
  if (end < 1 || end > 79) return null;
  const keyword = toLatin1(data.subarray(0, end));
  if (chunk.type === "tEXt") return { keyword, text: toLatin1(data.subarray(end + 1)) };
  // Keyword, 0, compressed?, method, language, 0, translated keyword, 0, text.
  if (data[end + 1] === 1) return null;
  const language = data.indexOf(0, end + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return null;
  return { keyword, text: new TextDecoder().decode(data.subarray(translated + 1)) };
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}

function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** TextDecoder's "latin1" is windows-1252, which differs from 0x80 to 0x9f. */
function toLatin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  // Pieces, because every character is an argument.
  for (let at = 0; at < bytes.length; at += 4096) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  }
  return parts.join("");
}
