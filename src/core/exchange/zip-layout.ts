/** @file The numbers of the zip format that reader and writer share (PKWARE's APPNOTE, sections 4.3.7, 4.3.12, 4.3.16). */

export const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
export const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
export const END = { signature: 0x06054b50, bytes: 22 } as const;

/** Bit 11 of an entry's flags: its name is UTF-8. */
export const UTF8_NAME = 0x0800;

/** The method of entries that are not compressed. */
export const STORED = 0;
