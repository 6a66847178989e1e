/** @file The job of writing a stored concept as the files of other tools. */
import { exportFiles } from "../../core/exchange/export-files.ts";
import { writeStoredZip } from "../../core/exchange/zip-write.ts";
import type { ExportedFile, ExportJob } from "../../rpc/contracts.ts";
import { exchangeBase } from "../model/exchange-base.ts";
import { type ConceptJobControls, heard } from "./compress-stored.ts";
import type { OpenModel } from "./open-model.ts";

/**
 * @throws StudioError "invalid-input" where the format cannot hold the concept, or it belongs to another model;
 *   "cancelled"
 */
export async function exportStored(
  open: OpenModel,
  { conceptId, to, keep, strength }: ExportJob,
  controls: ConceptJobControls,
): Promise<ExportedFile> {
  const stored = await open.readStored(conceptId);
  const concept = stored.concept();
  const base = await exchangeBase(open.model, concept.queryOutDifference !== null);
  const { topology } = open.model.config;
  const options = { keep, strength, topology, ...heard(controls) };
  const files = await exportFiles(to, concept, base, options);
  const contents = [...files.keys()];
  const [single] = files.values();
  const type = "application/octet-stream";
  if (single !== undefined && contents[0] !== undefined && files.size === 1) {
    return { name: contents[0], file: new Blob([single], { type }), contents };
  }
  return { name: `${to}.zip`, file: new Blob([writeStoredZip([...files])], { type }), contents };
}
