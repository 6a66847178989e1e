/** @file Everything painted so far: filtered, opened, compared, downloaded, deleted. */
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import { type ImageRecord, useImages } from "../../state/gallery.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { Compare } from "./compare.tsx";
import { download } from "./download.ts";
import { imageFileName } from "./file-name.ts";
import { conceptsOf, filterImages, type ImageFilter } from "./filter-images.ts";
import { GalleryFilters } from "./gallery-filters.tsx";
import { GalleryGrid } from "./gallery-grid.tsx";
import { UndoToast } from "./undo-toast.tsx";
import { useRemoveWithUndo } from "./use-undo-delete.ts";
import { Viewer } from "./viewer.tsx";

interface GalleryProps {
  /** The image that is open at full size. */
  readonly openId: string | null;
  readonly onOpen: (id: string | null) => void;
  readonly onReuse: (settings: ImageSettings) => void;
}

const NONE: readonly ImageRecord[] = [];
const EVERYTHING: ImageFilter = { text: "", concept: null };

export function Gallery({ openId, onOpen, onReuse }: GalleryProps) {
  const list = useImages();
  const all = list.data?.images ?? NONE;
  const unreadable = list.data?.unreadable ?? 0;
  const [filter, setFilter] = useState(EVERYTHING);
  // Typing goes on while a long gallery is being filtered.
  const settled = useDeferredValue(filter);
  const filtered = useMemo(() => filterImages(all, settled), [all, settled]);
  const concepts = useMemo(() => conceptsOf(all), [all]);
  const [marked, setMarked] = useState<readonly string[]>([]);
  const [comparing, setComparing] = useState(false);
  const removal = useRemoveWithUndo();

  // One opened from elsewhere may not be among those that the filter lets through.
  const shown = filtered.some(({ id }) => id === openId) ? filtered : all;
  const position = shown.findIndex(({ id }) => id === openId);
  const open = shown[position] ?? null;
  const onMark = useCallback((id: string) => {
    setMarked((before) =>
      before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-2),
    );
  }, []);
  const [left, right] = marked.map((id) => all.find((image) => image.id === id));
  const pair = left === undefined || right === undefined ? null : ([left, right] as const);

  const onDelete = (image: ImageRecord): void => {
    const neighbour = shown[position + 1] ?? shown[position - 1];
    removal.remove(image);
    onOpen(neighbour?.id ?? null);
  };

  return (
    <Stack component="section" gap="sm" aria-labelledby="gallery-title">
      <Group justify="space-between">
        <Title order={2} size="h3" id="gallery-title">
          Gallery
        </Title>
        {marked.length === 0 ? null : (
          <Group gap="xs">
            <Button size="xs" disabled={pair === null} onClick={() => setComparing(true)}>
              {pair === null ? "Mark one more to compare" : "Compare the two"}
            </Button>
            <Button size="xs" variant="default" onClick={() => setMarked([])}>
              Clear marks
            </Button>
          </Group>
        )}
      </Group>
      {list.isError ? (
        <ErrorAlert
          title="The gallery could not be read"
          error={list.error}
          onRetry={() => void list.refetch()}
        />
      ) : null}
      {removal.error === null ? null : (
        <ErrorAlert title="The gallery could not be changed" error={removal.error} />
      )}
      {unreadable === 0 ? null : (
        <Text size="sm">
          {unreadable} of the images were stored by another version of the studio and cannot be
          shown; they are left as they are.
        </Text>
      )}
      {list.data !== undefined && all.length === 0 ? (
        <Text size="sm" c="dimmed">
          Images appear here as they are painted, and stay in this browser. Each keeps its settings,
          so that any of them can be painted again.
        </Text>
      ) : null}
      {all.length === 0 ? null : (
        <GalleryFilters filter={filter} concepts={concepts} onChange={setFilter} />
      )}
      {all.length > 0 && filtered.length === 0 ? (
        <Group gap="xs">
          <Text size="sm">No image matches.</Text>
          <Button size="compact-sm" variant="default" onClick={() => setFilter(EVERYTHING)}>
            Show all
          </Button>
        </Group>
      ) : null}
      {/* Another filter begins at the top again, with few images mounted. */}
      <GalleryGrid
        key={`${settled.concept ?? ""} ${settled.text}`}
        images={filtered}
        marked={marked}
        onOpen={onOpen}
        onMark={onMark}
      />
      <Viewer
        image={open}
        position={position}
        count={shown.length}
        onMove={(by) => {
          const next = shown[position + by];
          if (next !== undefined) onOpen(next.id);
        }}
        onClose={() => onOpen(null)}
        onReuse={onReuse}
        onDownload={(image) => download(image.png, imageFileName(image, all))}
        onDelete={onDelete}
      >
        {open === null ? null : <UndoToast />}
      </Viewer>
      <Compare pair={comparing ? pair : null} onClose={() => setComparing(false)} />
      {open === null ? <UndoToast /> : null}
    </Stack>
  );
}
