/** @file Regularisation pictures of one's own, with captions from metadata.jsonl or one caption for all of them. */
import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { parseMetadata } from "../../core/image/captions.ts";
import { usePhotoLibrary, type CaptionedPicture } from "../../state/photos.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { errorSentence } from "../../ui/error-sentence.ts";
import { captionOf, isMetadata, meantAsPictures } from "./chosen-files.ts";
import { DropArea } from "./drop-area.tsx";
import { IntakeStatus } from "./intake-status.tsx";
import classes from "./photos.module.css";
import { useIntake } from "./use-intake.ts";

export interface RegularisationPickerProps {
  readonly category: string;
  readonly pictures: readonly CaptionedPicture[];
  readonly onChange: (pictures: CaptionedPicture[]) => void;
  /** Height and width of the model's pictures, in pixels. */
  readonly pictureSize: number;
}

export function RegularisationPicker({
  category,
  pictures,
  onChange,
  pictureSize,
}: RegularisationPickerProps) {
  const library = usePhotoLibrary();
  const [typed, setTyped] = useState<string | null>(null);
  const [metadataError, setMetadataError] = useState<string | null>(null);
  const caption = typed ?? `photo of a ${category.trim() === "" ? "thing" : category.trim()}`;
  const captions = useRef<ReadonlyMap<string, string>>(new Map());
  const digests = useRef(new WeakMap<Blob, string>());

  // Several pictures may be read between two renders.
  const latest = useRef({ pictures, onChange, caption });
  useLayoutEffect(() => {
    latest.current = { pictures, onChange, caption };
  });
  // What is still being read when the page is left is not wanted any more.
  useLayoutEffect(
    () => () => {
      latest.current = { ...latest.current, onChange: () => undefined };
    },
    [],
  );
  const change = (edit: (pictures: readonly CaptionedPicture[]) => CaptionedPicture[]): void => {
    const edited = edit(latest.current.pictures);
    latest.current = { ...latest.current, pictures: edited };
    latest.current.onChange(edited);
  };

  // Pictures without a caption of their own follow the one for all, also when the category changes it.
  const shared = useRef(caption);
  useEffect(() => {
    const before = shared.current;
    shared.current = caption;
    const { pictures: all, onChange: tell } = latest.current;
    if (before === caption || !all.some((picture) => picture.caption === before)) return;
    tell(all.map((picture) => (picture.caption === before ? { ...picture, caption } : picture)));
  }, [caption]);

  const intake = useIntake(async (file) => {
    const source = await library.open(file, file.name);
    const known = latest.current.pictures.some(
      ({ png }) => digests.current.get(png) === source.digest,
    );
    if (known) return `"${file.name}" is here already.`;
    const { png } = await library.cut(source, null, pictureSize);
    digests.current.set(png, source.digest);
    const own = captionOf(file, captions.current);
    change((before) => [...before, { caption: own ?? latest.current.caption, png }]);
    return null;
  });

  const addFiles = async (files: readonly File[]): Promise<void> => {
    setMetadataError(null);
    try {
      const metadata = files.find(isMetadata);
      const lines = metadata && parseMetadata(await metadata.text(), metadata.name);
      captions.current = new Map(lines?.map(({ name, text }) => [name, text]));
    } catch (error) {
      setMetadataError(errorSentence(error));
      return;
    }
    intake.add(meantAsPictures(files.filter((file) => !isMetadata(file))));
  };

  return (
    <Stack gap="md">
      <DropArea
        prompt="Drop pictures or a folder here"
        hint="A metadata.jsonl among them (Hugging Face’s imagefolder) gives the captions."
        filesLabel="Choose pictures"
        folderLabel="Choose a folder"
        takesPaste={false}
        onFiles={(files) => void addFiles(files)}
      />
      <TextInput
        label="Caption of pictures that have none"
        value={caption}
        error={caption.trim() === "" ? "Say what the pictures show." : undefined}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      {metadataError === null ? null : (
        <Alert role="alert" color="red" title="The captions could not be read">
          {metadataError} No picture was added.
        </Alert>
      )}
      <div>
        <IntakeStatus intake={intake} />
        <Chosen pictures={pictures} onClear={() => change(() => [])} />
      </div>
    </Stack>
  );
}

const SHOWN = 24;

interface ChosenProps {
  readonly pictures: readonly CaptionedPicture[];
  readonly onClear: () => void;
}

function Chosen({ pictures, onClear }: ChosenProps) {
  if (pictures.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Other things of the category, about 100 to 200 of them, keep the model from forgetting what
        it knows.
      </Text>
    );
  }
  return (
    <>
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {pictures.length === 1 ? "1 picture" : `${pictures.length} pictures`}
        </Text>
        <Button size="xs" variant="default" onClick={onClear}>
          Remove all
        </Button>
      </Group>
      <ul className={classes.strip} aria-label="Regularisation pictures">
        {pictures.slice(0, SHOWN).map(({ png, caption }, i) => (
          <li key={i}>
            <BlobImage blob={png} alt={caption} title={caption} className={classes.square} />
          </li>
        ))}
      </ul>
      {pictures.length > SHOWN ? (
        <Text size="sm" c="dimmed">
          and {pictures.length - SHOWN} more
        </Text>
      ) : null}
    </>
  );
}
