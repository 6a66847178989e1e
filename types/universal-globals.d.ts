/** @file Globals that browsers, workers and Node all have, for src/core, which may rely on no others. */

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean });
  decode(bytes?: ArrayBufferView | ArrayBuffer): string;
}

/** Base64 of a text whose characters are bytes. */
declare function btoa(bytes: string): string;
/** @throws where the text is no base64 */
declare function atob(base64: string): string;
