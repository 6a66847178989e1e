/** @file Requests for a range of a file, answered from the whole file: caches keep no parts. */

/**
 * First byte and the one after the last of `Range: bytes=…`; null where it asks for nothing that is there.
 * Several ranges at once, which servers may answer with the whole file, count as the whole file.
 */
export function byteRange(header: string, size: number): readonly [number, number] | null {
  const [, first = "", last = ""] = /^\s*bytes=\s*(\d*)-(\d*)\s*$/.exec(header) ?? [];
  if (first === "" && last === "") return [0, size];
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? [start, end] : null;
}

/** The part of a whole response that a `Range` header asks for. */
export async function partOf(whole: Response, range: string): Promise<Response> {
  const blob = await whole.blob();
  const found = byteRange(range, blob.size);
  const headers = new Headers(whole.headers);
  if (found === null) {
    headers.set("Content-Range", `bytes */${blob.size}`);
    headers.set("Content-Length", "0");
    return new Response(null, { status: 416, headers });
  }
  const [start, end] = found;
  headers.set("Content-Range", `bytes ${start}-${end - 1}/${blob.size}`);
  headers.set("Content-Length", String(end - start));
  return new Response(blob.slice(start, end), { status: 206, headers });
}
