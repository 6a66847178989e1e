/** @file The files of a folder that a person chose or dropped, by path, the folder's own name first. */
import { StudioError } from "../../core/errors.ts";
import type { ChosenFile } from "../../rpc/hub-contract.ts";

/** Of an input that lets people choose a folder. */
export function filesOfInput(list: FileList): ChosenFile[] {
  return [...list].map((file) => ({ path: file.webkitRelativePath, file }));
}

/**
 * Of a drop. To be called while the drop is handled: afterwards the browser takes its entries away.
 * @throws StudioError "invalid-input" where it is no folder and no checkpoint
 */
export async function filesOfDrop(transfer: DataTransfer): Promise<ChosenFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const [dropped, ...others] = entries;
  if (dropped != null && others.length === 0) {
    if (isFolder(dropped)) return filesOfFolder(dropped);
    // A model in one file.
    if (isFile(dropped) && dropped.name.endsWith(".safetensors")) {
      return [{ path: dropped.name, file: await fileOf(dropped) }];
    }
  }
  throw new StudioError(
    "invalid-input",
    "What was dropped is neither one folder nor a checkpoint (.safetensors); drop the model's folder as a whole.",
  );
}

async function filesOfFolder(folder: FileSystemDirectoryEntry): Promise<ChosenFile[]> {
  const reader = folder.createReader();
  const files: ChosenFile[] = [];
  for (;;) {
    // Browsers give a hundred entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (isFolder(entry)) files.push(...(await filesOfFolder(entry)));
      else if (isFile(entry)) files.push({ path: pathOf(entry), file: await fileOf(entry) });
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

const pathOf = ({ fullPath }: FileSystemEntry): string => fullPath.replace(/^\//, "");

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
