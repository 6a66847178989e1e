/** @file What a model's folder says about its licence. */

interface LicenceSources {
  /** Text of README.md: a model card, whose front matter names the licence. */
  readonly readme: string | null;
  /** Texts of studio.json and model_index.json, which may say it too. */
  readonly configs: readonly (string | null)[];
}

/** The licence as its maker names it ("creativeml-openrail-m"); null where the folder does not say. */
export function readLicence({ readme, configs }: LicenceSources): string | null {
  const fromCard = readme === null ? null : fromFrontMatter(readme);
  if (fromCard !== null) return fromCard;
  for (const config of configs) {
    const licence = config === null ? null : fromJson(config);
    if (licence !== null) return licence;
  }
  return null;
}

/** YAML between two lines of dashes at the very beginning; of it only the few keys that are read here. */
function fromFrontMatter(readme: string): string | null {
  const matter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1];
  if (matter === undefined) return null;
  const value = (key: string): string | null => {
    // A list with one licence to a line is as common as a single word.
    const found = new RegExp(`^${key}:[ \\t]*(?:\\r?\\n[ \\t]*-[ \\t]*)?(\\S.*)$`, "m").exec(
      matter,
    );
    return clean(found?.[1]);
  };
  const licence = value("license");
  // "other" is what Hugging Face calls a licence that its list does not have.
  return licence === "other" ? (value("license_name") ?? licence) : licence;
}

function fromJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("license" in value)) return null;
    return typeof value.license === "string" ? clean(value.license) : null;
  } catch {
    // Whether the file is fit for anything else is found out where it is read for that.
    return null;
  }
}

function clean(text: string | undefined): string | null {
  const word = text?.trim().replace(/^(["'[]*)(.*?)(["'\]]*)$/, "$2");
  return word === undefined || word === "" ? null : word.slice(0, 100);
}
