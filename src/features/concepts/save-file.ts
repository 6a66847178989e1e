/** @file Hands a file to the person, as a download. */

export function saveFile(blob: Blob, fileName: string): void {
  const link = document.createElement("a");
  const url = URL.createObjectURL(blob);
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has the file once the click is handled; some begin to read it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
