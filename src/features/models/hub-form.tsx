/** @file Which model of which server: picked from known ones, typed, or pasted; with a token where one is needed. */
import {
  Anchor,
  Button,
  Checkbox,
  Group,
  NativeSelect,
  PasswordInput,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type SubmitEvent, useState } from "react";
import { KNOWN_AS_OF, KNOWN_MODELS } from "../../core/known-models.ts";
import { HUGGING_FACE, readModelAddress } from "../../core/model-address.ts";
import { useImport } from "../../state/hub-context.ts";
import { hubTokens } from "../../state/hub-tokens.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatBytes } from "../../ui/format.ts";

const CHOICES = [
  { value: "", label: "Choose one, or name another below" },
  ...KNOWN_MODELS.map(({ repository, name, bytes, licence }) => ({
    value: repository,
    label: [name, `about ${formatBytes(bytes)}`, licence]
      .filter((part) => part !== null)
      .join(", "),
  })),
];

/** The server that would be asked, as far as what was typed says so already. */
function serverOf(repository: string, revision: string, server: string): string {
  try {
    // Without a name yet, any will do to find the server.
    const named = repository.trim() === "" ? "owner/name" : repository;
    return readModelAddress({ repository: named, revision, server }).server;
  } catch {
    return HUGGING_FACE;
  }
}

export function HubForm() {
  const asked = useImport((state) => state.asked);
  const lookAtServer = useImport((state) => state.lookAtServer);
  const [repository, setRepository] = useState(asked?.repository ?? "");
  const [revision, setRevision] = useState(
    asked?.revision === "main" ? "" : (asked?.revision ?? ""),
  );
  const [server, setServer] = useState(asked?.server === HUGGING_FACE ? "" : (asked?.server ?? ""));
  const [error, setError] = useState<unknown>(null);
  const [more, { toggle }] = useDisclosure(revision !== "" || server !== "");
  // A token belongs to the server that it was typed for: another one never gets it by a change of the address.
  const target = serverOf(repository, revision, server);
  const [typed, setTyped] = useState<{ readonly server: string; readonly text: string } | null>(
    null,
  );
  const [keep, setKeep] = useState<boolean | null>(null);
  const isKept = hubTokens.isKept(target);
  const token = typed?.server === target ? typed.text : (hubTokens.get(target) ?? "");
  const known = KNOWN_MODELS.find((model) => model.repository === repository.trim());

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    try {
      const address = readModelAddress({ repository, revision, server });
      const given = token.trim() === "" ? null : token.trim();
      hubTokens.set(address.server, given, keep ?? isKept);
      setError(null);
      void lookAtServer({ address, token: given });
    } catch (cause) {
      setError(cause);
    }
  };

  return (
    <form onSubmit={submit} aria-label="From Hugging Face" noValidate>
      <Stack gap="sm">
        <NativeSelect
          label="A known model"
          description={`Sizes and licences as of ${KNOWN_AS_OF}; what is there now is shown before anything is downloaded.`}
          data={CHOICES}
          value={known?.repository ?? ""}
          onChange={({ currentTarget }) => {
            setRepository(currentTarget.value);
            setRevision("");
          }}
        />
        <TextInput
          label="Repository"
          description={known?.about ?? "As owner/name, or the address of the model’s page."}
          placeholder="owner/name"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={repository}
          onChange={({ currentTarget }) => setRepository(currentTarget.value)}
        />
        <div>
          <Button
            size="compact-sm"
            variant="subtle"
            px={0}
            aria-expanded={more}
            aria-controls="hub-more"
            onClick={toggle}
          >
            {more ? "Less" : "More: revision, server, access token"}
          </Button>
        </div>
        <Stack gap="sm" id="hub-more" hidden={!more} display={more ? undefined : "none"}>
          <TextInput
            label="Revision"
            description="A branch, a tag or a commit."
            placeholder="main"
            autoComplete="off"
            spellCheck={false}
            value={revision}
            onChange={({ currentTarget }) => setRevision(currentTarget.value)}
          />
          <TextInput
            label="Server"
            description="Another one that answers as Hugging Face does."
            placeholder={HUGGING_FACE}
            autoComplete="off"
            spellCheck={false}
            value={server}
            onChange={({ currentTarget }) => setServer(currentTarget.value)}
          />
          <PasswordInput
            label="Access token"
            description="Only for models that ask for one. It is sent to this server alone, and forgotten when the page is closed."
            autoComplete="off"
            value={token}
            onChange={({ currentTarget }) =>
              setTyped({ server: target, text: currentTarget.value })
            }
          />
          <Group gap="sm">
            <Checkbox
              label="Keep the token in this browser"
              checked={keep ?? isKept}
              onChange={({ currentTarget }) => setKeep(currentTarget.checked)}
            />
            {isKept ? (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => {
                  hubTokens.set(target, null, false);
                  setKeep(false);
                  setTyped({ server: target, text: "" });
                }}
              >
                Forget the token
              </Button>
            ) : null}
          </Group>
        </Stack>
        {error === null ? null : <ErrorAlert title="That is no model’s address" error={error} />}
        <Group gap="sm">
          <Button type="submit" disabled={repository.trim() === ""}>
            Look at it
          </Button>
          <Text size="sm" c="dimmed">
            <Anchor
              href="https://huggingface.co/models?pipeline_tag=text-to-image&library=diffusers"
              target="_blank"
              rel="noreferrer"
              underline="always"
              inherit
            >
              Models on huggingface.co
            </Anchor>
          </Text>
        </Group>
      </Stack>
    </form>
  );
}
