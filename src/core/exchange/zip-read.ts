/** @file Reads zip archives whose entries are stored as they are, as torch writes them: views into the file, no copies. */
import { crc32 } from "./crc32.ts";
import { damagedFile, quoted, refusal } from "./refuse.ts";
import { CENTRAL, END, LOCAL, STORED } from "./zip-layout.ts";

/** Encrypted (bit 0), patched (5), strongly encrypted (6), or with a masked header (13). */
const UNREADABLE_FLAGS = 0x2061;

/** A size, an offset or a count that stands elsewhere, in zip64's records. */
const [ELSEWHERE_16, ELSEWHERE_32] = [0xffff, 0xffffffff];

/**
 * The entries by name. Their checksums hold, and together they are no longer than the file.
 * @throws StudioError "invalid-input" where the archive is damaged, has compressed, encrypted or overlapping entries,
 *   two of one name, or sizes that only zip64 can say
 */
export function readStoredZip(file: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { count, start, end } = findDirectory(view);
  const entries = new Map<string, Uint8Array>();
  let at = start;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL.bytes > end || view.getUint32(at, true) !== CENTRAL.signature) {
      throw damagedFile("its directory does not list what it says");
    }
    const entry = readEntry(file, view, at, end);
    if (entries.has(entry.name)) throw damagedFile(`${quoted(entry.name)} is in it twice`);
    total += entry.bytes.byteLength;
    // Many entries in one place would make checking the checksums take forever.
    if (total > start) throw damagedFile("its entries overlap");
    if (crc32(entry.bytes) !== entry.checksum) {
      throw damagedFile(`the checksum of ${quoted(entry.name)} does not fit`);
    }
    entries.set(entry.name, entry.bytes);
    at = entry.next;
  }
  if (at !== end) throw damagedFile("its directory goes on after its last entry");
  return entries;
}

/** Where the central directory lies: the end record is the file's last, perhaps followed by a comment. */
function findDirectory(view: DataView): { count: number; start: number; end: number } {
  const last = view.byteLength - END.bytes;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) !== END.signature) continue;
    if (at + END.bytes + view.getUint16(at + 20, true) !== view.byteLength) continue;
    const count = view.getUint16(at + 10, true);
    const [bytes, start] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    if (count === ELSEWHERE_16 || bytes === ELSEWHERE_32 || start === ELSEWHERE_32) throw zip64();
    if (view.getUint32(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== count) {
      throw refusal("This archive is one of several parts; join them to one file first.");
    }
    // Between directory and end torch has two records of zip64, which repeat what is known.
    if (start + bytes > at) throw damagedFile("its directory lies outside the file");
    return { count, start, end: start + bytes };
  }
  throw damagedFile("it is cut short: the directory at its end is missing");
}

/** The entry whose record in the directory is at `at`. */
function readEntry(file: Uint8Array, view: DataView, at: number, end: number) {
  const u16 = (offset: number): number => view.getUint16(at + offset, true);
  const u32 = (offset: number): number => view.getUint32(at + offset, true);
  const [packed, size, offset] = [u32(20), u32(24), u32(42)];
  const nameEnd = at + CENTRAL.bytes + u16(28);
  const next = nameEnd + u16(30) + u16(32);
  if (next > end) throw damagedFile("its directory is cut short");
  const nameBytes = file.subarray(at + CENTRAL.bytes, nameEnd);
  const name = decodeName(nameBytes);
  if ([packed, size, offset].includes(ELSEWHERE_32)) throw zip64();
  if ((u16(8) & UNREADABLE_FLAGS) !== 0) {
    throw refusal(`The entry ${quoted(name)} of this archive is encrypted; save it without.`);
  }
  if (u16(10) !== STORED) {
    throw refusal(
      `This archive has compressed entries, like ${quoted(name)}; torch never writes these, so save the file again with torch.save.`,
    );
  }
  if (packed !== size) throw damagedFile(`${quoted(name)} has two sizes`);
  const bytes = contents(file, view, { offset, size, nameBytes, name });
  return { name, bytes, checksum: u32(16), next };
}

interface Place {
  readonly offset: number;
  readonly size: number;
  readonly nameBytes: Uint8Array;
  readonly name: string;
}

/** What lies behind an entry's own header, which has to agree with the directory about its name and method. */
function contents(file: Uint8Array, view: DataView, place: Place): Uint8Array {
  const { offset, size, nameBytes, name } = place;
  const strays = damagedFile(`${quoted(name)} lies outside the file`);
  if (offset + LOCAL.bytes > file.byteLength) throw strays;
  if (view.getUint32(offset, true) !== LOCAL.signature) {
    throw damagedFile(`${quoted(name)} is not where the directory says`);
  }
  const nameAt = offset + LOCAL.bytes;
  const nameEnd = nameAt + view.getUint16(offset + 26, true);
  const from = nameEnd + view.getUint16(offset + 28, true);
  if (from + size > file.byteLength) throw strays;
  const own = file.subarray(nameAt, nameEnd);
  if (own.length !== nameBytes.length || own.some((byte, i) => byte !== nameBytes[i])) {
    throw damagedFile(`${quoted(name)} has two names`);
  }
  if (view.getUint16(offset + 8, true) !== STORED) throw damagedFile(`${quoted(name)} is packed`);
  return file.subarray(from, from + size);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeName(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw damagedFile("an entry's name is not text");
  }
}

function zip64() {
  return refusal("This archive is larger than 4 GB, which the studio does not read.");
}
