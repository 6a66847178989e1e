/** @file Hands a file to the browser's downloads. */

export function download(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has begun once this task is over; browsers keep what it reads.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
