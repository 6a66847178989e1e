/** @file What works in which browser, as far as the browsers' makers say and as far as it was tried. docs/browsers.md shows the same table. */

export const BROWSERS = ["Chrome", "Edge", "Firefox", "Safari"] as const;
export type Browser = (typeof BROWSERS)[number];

export interface Support {
  readonly feature: string;
  /** What it is for, and what happens without it. */
  readonly without: string;
  /** First version that has it, in words where it depends. */
  readonly cells: Readonly<Record<Browser, string>>;
}

export const SUPPORT: readonly Support[] = [
  {
    feature: "WebGPU",
    without: "Without it the studio computes on the processor, several times slower.",
    cells: {
      Chrome:
        "since 113 on Windows, macOS and ChromeOS, 121 on Android, 144 (Intel) or 147 (NVIDIA) on Linux",
      Edge: "since 113 on Windows and macOS",
      Firefox: "since 141 on Windows, 145 on macOS with Apple silicon; not on Linux and Android",
      Safari: "since 26",
    },
  },
  {
    feature: "Several threads",
    without: "Without them the processor computes on one core.",
    cells: { Chrome: "since 92", Edge: "since 92", Firefox: "since 79", Safari: "since 15.2" },
  },
  {
    feature: "Imported models (OPFS)",
    without: "Without it only the default model opens.",
    cells: {
      Chrome: "since 102",
      Edge: "since 102",
      Firefox: "since 111, not in private windows",
      Safari: "since 15.2, not in private windows",
    },
  },
  {
    feature: "Choosing a folder",
    without: "Without it models cannot be imported.",
    cells: {
      Chrome: "yes; on Android since 132",
      Edge: "yes",
      Firefox: "yes; on Android since 142",
      Safari: "yes; on iPhone and iPad since 18.4",
    },
  },
  {
    feature: "Screen stays awake while training",
    without: "Without it a device that goes to sleep pauses the run.",
    cells: {
      Chrome: "since 84",
      Edge: "since 84",
      Firefox: "since 126",
      Safari: "since 16.4; as an installed app since 18.4",
    },
  },
  {
    feature: "HEIC photos",
    without: "Where the browser cannot read them, the studio’s own decoder does.",
    cells: {
      Chrome: "by the studio’s decoder",
      Edge: "by the studio’s decoder",
      Firefox: "by the studio’s decoder",
      Safari: "by itself since 17, before that by the studio’s decoder",
    },
  },
  {
    feature: "Install as an app",
    without: "Without it the studio opens in a tab, offline too.",
    cells: {
      Chrome: "yes",
      Edge: "yes",
      Firefox: "since 143 on Windows; on Android; not on macOS and Linux",
      Safari: "since 17 (Add to Dock); on iPhone and iPad (Add to Home Screen)",
    },
  },
  {
    feature: "Tried by us",
    without: "All other cells are what the browsers’ makers say, as of late 2025.",
    cells: {
      Chrome: "Chromium on Linux, with a GPU emulated in software",
      Edge: "not tested",
      Firefox: "not tested",
      Safari: "not tested",
    },
  },
];

/** The same as Markdown, for docs/browsers.md. */
export function supportMarkdown(): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    row(["", ...BROWSERS, "without it"]),
    row(Array.from({ length: BROWSERS.length + 2 }, () => "---")),
    ...SUPPORT.map(({ feature, cells, without }) =>
      row([feature, ...BROWSERS.map((browser) => cells[browser]), without]),
    ),
  ].join("\n");
}
