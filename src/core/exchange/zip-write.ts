/** @file Writes zip archives of stored entries, each at a multiple of 64 bytes, as torch's reader maps them. */
import { crc32 } from "./crc32.ts";
import { CENTRAL, END, LOCAL, STORED, UTF8_NAME } from "./zip-layout.ts";

/** What torch aligns entries to, and the tag of the extra field that it pads their headers with. */
const ALIGNMENT = 64;
const PADDING_TAG = 0x4246;

/**
 * Deterministic: no times. Entries keep their order.
 * @throws RangeError where the archive would need zip64: 65,535 entries, or 4 GB
 */
export function writeStoredZip(
  entries: readonly (readonly [name: string, bytes: Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const places = entries.map(([name, bytes]) => {
    const nameBytes = new TextEncoder().encode(name);
    const header = end;
    const unpadded = header + LOCAL.bytes + nameBytes.length;
    // The extra field that pads has a head of 4 bytes itself.
    const data = Math.ceil((unpadded + 4) / ALIGNMENT) * ALIGNMENT;
    end = data + bytes.byteLength;
    return { nameBytes, bytes, header, data, padding: data - unpadded };
  });
  const directory = end;
  for (const { nameBytes } of places) end += CENTRAL.bytes + nameBytes.length;
  if (end >= 0xffffffff || places.length >= 0xffff) {
    throw new RangeError(`${places.length} entries in ${end} bytes are too much for a plain zip`);
  }
  const file = new Uint8Array(end + END.bytes);
  const view = new DataView(file.buffer);
  let at = directory;
  for (const { nameBytes, bytes, header, data, padding } of places) {
    const checksum = crc32(bytes);
    // The 26 bytes from the needed version on that both headers have in common.
    const common = (from: number): void => {
      view.setUint16(from + 2, UTF8_NAME, true);
      view.setUint16(from + 4, STORED, true);
      view.setUint32(from + 10, checksum, true);
      view.setUint32(from + 14, bytes.byteLength, true);
      view.setUint32(from + 18, bytes.byteLength, true);
      view.setUint16(from + 22, nameBytes.length, true);
    };
    view.setUint32(header, LOCAL.signature, true);
    common(header + 4);
    view.setUint16(header + 28, padding, true);
    file.set(nameBytes, header + LOCAL.bytes);
    const extra = header + LOCAL.bytes + nameBytes.length;
    view.setUint16(extra, PADDING_TAG, true);
    view.setUint16(extra + 2, padding - 4, true);
    file.set(bytes, data);
    view.setUint32(at, CENTRAL.signature, true);
    common(at + 6);
    view.setUint32(at + 42, header, true);
    file.set(nameBytes, at + CENTRAL.bytes);
    at += CENTRAL.bytes + nameBytes.length;
  }
  view.setUint32(at, END.signature, true);
  view.setUint16(at + 8, places.length, true);
  view.setUint16(at + 10, places.length, true);
  view.setUint32(at + 12, at - directory, true);
  view.setUint32(at + 16, directory, true);
  return file;
}
