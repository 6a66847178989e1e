/** @file CRC-32 as zip archives have it: polynomial 0xEDB88320, bits from the lowest up. */

/** table[k][b]: what a byte b contributes once k more zero bytes have followed it; eight at a time ("slicing by 8"). */
let tables: readonly Uint32Array[] | undefined;

function makeTables(): readonly Uint32Array[] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    first[byte] = crc >>> 0;
  }
  const made = [first];
  for (let k = 1; k < 8; k++) {
    made.push(made[k - 1]!.map((crc) => (crc >>> 8) ^ first[crc & 0xff]!));
  }
  return made;
}

/** The checksum of `bytes` as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array): number {
  tables ??= makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = 0xffffffff;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    crc =
      t7[(crc ^ bytes[i]!) & 0xff]! ^
      t6[((crc >>> 8) ^ bytes[i + 1]!) & 0xff]! ^
      t5[((crc >>> 16) ^ bytes[i + 2]!) & 0xff]! ^
      t4[((crc >>> 24) ^ bytes[i + 3]!) & 0xff]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
