/** @file Starts the engine, asks it to open the model named in the address, and mounts the page. */
import "@mantine/core/styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { startEngine } from "./rpc/client.ts";
import { startHub } from "./rpc/hub-client.ts";
import { createPhotosClient } from "./rpc/photos-client.ts";
import { createAppUpdateStore } from "./state/app-update.ts";
import { firstModel, rememberModel } from "./state/chosen-model.ts";
import { EngineContext } from "./state/engine-context.ts";
import { superviseEngine } from "./state/engine-supervisor.ts";
import { imageStored } from "./state/gallery.ts";
import { createGenerationStore } from "./state/generation-store.ts";
import { HubContext } from "./state/hub-context.ts";
import { listenForInstallPrompt } from "./state/install-prompt.ts";
import { createModelStore } from "./state/model-store.ts";
import { switchStore } from "./state/optimisation-switches.ts";
import { connectHubStore } from "./state/models.ts";
import { createOfflineStore } from "./state/offline.ts";
import { createPhotoLibrary, PhotoContext } from "./state/photos.ts";
import { queryClient } from "./state/query-client.ts";
import { recoverWithEngine } from "./state/recover.ts";
import { connectTrainingStore } from "./state/runs.ts";
import { setUpServiceWorker } from "./state/service-worker.ts";
import { ShellContext } from "./state/shell-context.ts";
import { cssVariables, theme } from "./ui/theme.ts";

const container = document.getElementById("root");
if (container === null) throw new Error("index.html has no element with the id root");

listenForInstallPrompt();
const { registration, ready } = setUpServiceWorker();
const { engine, state: engineState } = superviseEngine(startEngine, ready);
const models = createModelStore(engine, firstModel(), rememberModel, () => [
  ...switchStore.getState().without,
]);
recoverWithEngine(engineState, models, queryClient);
models.getState().open("auto");
const photos = createPhotoLibrary(createPhotosClient());
const training = connectTrainingStore(engine, queryClient);
const generation = createGenerationStore({
  engine,
  models,
  training,
  onImage: (id) => void imageStored(queryClient, id),
});
const hub = connectHubStore(startHub(), engine, queryClient);

const shell = {
  engineState,
  offline: createOfflineStore(models, generation, registration),
  update: createAppUpdateStore(registration),
};

createRoot(container).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <EngineContext value={{ engine, models, training, generation }}>
          <PhotoContext value={photos}>
            <HubContext value={hub}>
              <ShellContext value={shell}>
                <App />
              </ShellContext>
            </HubContext>
          </PhotoContext>
        </EngineContext>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
