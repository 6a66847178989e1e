/** @file The command line: reads the arguments, runs one command, turns errors into one sentence and exit code 2. */
import { cac } from "cac";
import { StudioError } from "../core/errors.ts";
import { inspect } from "./inspect.ts";

const cli = cac("npm run -s cli --");

cli
  .command("inspect <file>", "Say what an ONNX file is, and what training it would take")
  .option("--json", "Print one JSON object and nothing else")
  .option("--batch <n>", "Batch size of the training graph", { default: 4 })
  .example("npm run -s cli -- inspect public/models/toybox-256/unet/model.onnx")
  .action(inspect);

cli.help();

/** Exit code for bad input, as opposed to a defect of ours (1). */
const BAD_INPUT = 2;

async function main(): Promise<void> {
  const { options, args } = cli.parse(process.argv, { run: false });
  if (options["help"] === true) return;
  if (cli.matchedCommand === undefined) {
    const asked = args[0];
    throw new StudioError(
      "invalid-input",
      asked === undefined
        ? "Name a command; --help lists them."
        : `There is no command "${asked}"; --help lists them.`,
    );
  }
  await cli.runMatchedCommand();
}

try {
  await main();
} catch (error) {
  const known =
    error instanceof StudioError || (error instanceof Error && error.name === "CACError");
  if (known) {
    console.error(error.message);
    process.exitCode = BAD_INPUT;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
