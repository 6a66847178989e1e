/** @file A stored concept: its pictures, its word, the model it belongs to, and what can be done with it. */
import { ActionIcon, Button, Group, Menu, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import {
  Download,
  Ellipsis,
  LineChart,
  Pencil,
  Share2,
  Shrink,
  Sparkles,
  Trash2,
} from "../../ui/icons.ts";
import { useState } from "react";
import { useLocation } from "wouter";
import { compressedTo } from "../../core/concept/compress-concept.ts";
import { exportConcept } from "../../state/concept-files.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { useRun } from "../../state/runs.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatBytes } from "../../ui/format.ts";
import classes from "./concept-card.module.css";
import { CompressDialog } from "./compress-dialog.tsx";
import { ExportDialog } from "./export-dialog.tsx";
import { usePaintWith } from "./paint-with.ts";
import { RenameDialog } from "./rename-dialog.tsx";
import { saveFile } from "./save-file.ts";
import { Thumbnails } from "./thumbnails.tsx";

interface ConceptCardProps {
  readonly concept: ConceptRecord;
  readonly onDelete: () => void;
}

export function ConceptCard({ concept, onDelete }: ConceptCardProps) {
  const { name, tokens, baseModel, file, createdAt, thumbnails } = concept;
  const paintWith = usePaintWith();
  const [asked, setAsked] = useState<"rename" | "compress" | "export" | null>(null);
  const onClose = (): void => setAsked(null);
  const compressed = compressedTo(concept.metrics);
  const save = useMutation({
    mutationFn: async (pictures: boolean) => {
      const { blob, fileName } = await exportConcept(concept, pictures);
      saveFile(blob, fileName);
    },
  });
  return (
    <Paper withBorder component="li" className={classes.card} aria-label={name}>
      <Thumbnails pictures={thumbnails} />
      <Stack gap={6} p="sm" className={classes.body}>
        <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
          <div className={classes.words}>
            <Title order={3} size="h5">
              {name}
            </Title>
            <Text size="sm">
              {tokens.map(({ token, category }) => `${token} ${category}`).join(", ")}
            </Text>
          </div>
          <ConceptMenu
            concept={concept}
            onAsk={setAsked}
            onExport={(pictures) => save.mutate(pictures)}
            onDelete={onDelete}
          />
        </Group>
        <Text size="xs" c="dimmed">
          {baseModel.id} · {formatBytes(file.size)} ·{" "}
          {new Date(createdAt).toLocaleDateString("en-GB", { dateStyle: "medium" })}
          {concept.source === "trained" ? "" : ` · ${concept.source}`}
          {compressed === null ? "" : ` · compressed to ${Math.round(100 * compressed)} %`}
        </Text>
        {save.error === null ? null : (
          <ErrorAlert title="It could not be exported" error={save.error} />
        )}
        <Button
          variant="light"
          mt="auto"
          leftSection={<Sparkles size={16} aria-hidden />}
          onClick={() => paintWith(concept)}
        >
          Generate with it
        </Button>
      </Stack>
      <RenameDialog concept={concept} opened={asked === "rename"} onClose={onClose} />
      <CompressDialog concept={concept} opened={asked === "compress"} onClose={onClose} />
      <ExportDialog concept={concept} opened={asked === "export"} onClose={onClose} />
    </Paper>
  );
}

interface ConceptMenuProps {
  readonly concept: ConceptRecord;
  readonly onAsk: (dialog: "rename" | "compress" | "export") => void;
  readonly onExport: (pictures: boolean) => void;
  readonly onDelete: () => void;
}

function ConceptMenu({ concept, onAsk, onExport, onDelete }: ConceptMenuProps) {
  const [, navigate] = useLocation();
  // The run may have been deleted since.
  const { data: run } = useRun(concept.runId ?? "");
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`More for ${concept.name}`}>
          <Ellipsis size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Pencil size={14} aria-hidden />} onClick={() => onAsk("rename")}>
          Rename
        </Menu.Item>
        <Menu.Item
          leftSection={<Download size={14} aria-hidden />}
          onClick={() => onExport(concept.thumbnails.length > 0)}
        >
          Export
        </Menu.Item>
        {concept.thumbnails.length === 0 ? null : (
          <Menu.Item
            leftSection={<Download size={14} aria-hidden />}
            onClick={() => onExport(false)}
          >
            Export without pictures
          </Menu.Item>
        )}
        <Menu.Item leftSection={<Share2 size={14} aria-hidden />} onClick={() => onAsk("export")}>
          Export for other tools
        </Menu.Item>
        <Menu.Item leftSection={<Shrink size={14} aria-hidden />} onClick={() => onAsk("compress")}>
          Make it smaller
        </Menu.Item>
        {run == null ? null : (
          <Menu.Item
            leftSection={<LineChart size={14} aria-hidden />}
            onClick={() => navigate(`/runs/${run.id}`)}
          >
            How it was trained
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<Trash2 size={14} aria-hidden />} onClick={onDelete}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
