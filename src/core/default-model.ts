/** @file The model that comes with the studio. */

export const DEFAULT_MODEL = {
  id: "toybox-256",
  name: "Toybox 256",
  licence: "MIT",
  /** Where its files are, from the folder that holds the bundled models. */
  folder: "toybox-256/",
  /** About; all of its files together. */
  bytes: 77_000_000,
} as const;
