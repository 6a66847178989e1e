/** @file Stored runs of earlier versions, and the files of a run by its subjects. */
import { describe, expect, it } from "vitest";
import { migrateRun, type RunSubject } from "./runs.ts";
import { photosOfEach, regularisationOfEach } from "./subject-files.ts";

const png = new Blob([Uint8Array.of(1)]);
const photo = (name: string) => ({ name, png });
const subject = (fields: Partial<RunSubject> = {}): RunSubject => ({
  token: "<new1>",
  category: "bear",
  photos: 2,
  regularisation: { kind: "none" },
  ...fields,
});
const given = (count: number) => ({ kind: "given", count, from: "a test" }) as const;

describe("a run's record", () => {
  const rest = { id: "r", name: "Ted", step: 10, settings: { steps: 20 } };

  it("of version 1 teaches the one thing it taught", () => {
    const old = { version: 1, ...rest, ...subject({ regularisation: given(3) }) };
    expect(migrateRun(old)).toEqual({
      version: 2,
      ...rest,
      subjects: [subject({ regularisation: given(3) })],
    });
  });

  it.each([[{ version: 2, ...rest }], [{ version: 3, ...rest }], [null], ["a"]])(
    "that is no version 1 stays as it is: %j",
    (record) => {
      expect(migrateRun(record)).toBe(record);
    },
  );
});

describe("the files of several subjects", () => {
  const subjects = [
    subject({ regularisation: given(1) }),
    subject({ photos: 1, regularisation: { kind: "generate", count: 40 } }),
    subject({ photos: 3, regularisation: given(2) }),
  ];

  it("come apart in the order of the subjects", () => {
    const photos = ["a", "b", "c", "d", "e", "f"].map(photo);
    expect(photosOfEach(subjects, photos).map((own) => own.map(({ name }) => name))).toEqual([
      ["a", "b"],
      ["c"],
      ["d", "e", "f"],
    ]);
    const pictures = ["x", "y", "z"].map((caption) => ({ caption, png }));
    expect(
      regularisationOfEach(subjects, pictures).map((own) => own.map(({ caption }) => caption)),
    ).toEqual([["x"], [], ["y", "z"]]);
  });

  it("are refused where some are missing, or too many", () => {
    for (const names of [["a"], ["a", "b", "c", "d", "e", "f", "g"]]) {
      expect(() => photosOfEach(subjects, names.map(photo))).toThrow(/photos of this run are not/);
    }
    expect(() => regularisationOfEach(subjects, [])).toThrow(/regularisation images of this run/);
    expect(regularisationOfEach([subject()], [])).toEqual([[]]);
  });
});
