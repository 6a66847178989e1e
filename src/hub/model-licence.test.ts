/** @file Licences as model cards and configuration files name them. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readLicence } from "./model-licence.ts";

const card = (matter: string): string => `---\n${matter}\n---\n# A model\nlicense: not this one\n`;

it.each([
  ["license: mit", "mit"],
  ['language: en\nlicense: "creativeml-openrail-m"\ntags: []', "creativeml-openrail-m"],
  ["license:\n- apache-2.0\n- mit", "apache-2.0"],
  ["license: [openrail]", "openrail"],
  ["license: other\nlicense_name: my-own-licence", "my-own-licence"],
  ["license: other", "other"],
  ["tags:\n- license", null],
])("reads %j", (matter, licence) => {
  expect(readLicence({ readme: card(matter), configs: [] })).toBe(licence);
  expect(readLicence({ readme: card(matter).replaceAll("\n", "\r\n"), configs: [] })).toBe(licence);
});

it("looks into the configuration where the card says nothing", () => {
  const readme = "# A model\nlicense: not front matter";
  const configs = [null, "not json", "[]", '{"license": 3}', '{"license": "cc0-1.0"}'];
  expect(readLicence({ readme, configs })).toBe("cc0-1.0");
  expect(readLicence({ readme: null, configs: [null] })).toBeNull();
});

it("reads the default model's card", () => {
  const path = new URL("../../public/models/toybox-256/README.md", import.meta.url);
  expect(readLicence({ readme: readFileSync(path, "utf8"), configs: [] })).toBe("mit");
});
