/** @file Lint: type-aware rules for all code, and who may import whom. */
import boundaries from "eslint-plugin-boundaries";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Folders that make up the program, by the names the import rule below calls them. */
const elements = [
  { type: "core", pattern: "src/core" },
  { type: "engine", pattern: "src/engine" },
  { type: "hub", pattern: "src/hub" },
  { type: "storage", pattern: "src/storage" },
  { type: "photos", pattern: "src/photos" },
  { type: "rpc", pattern: "src/rpc" },
  { type: "state", pattern: "src/state" },
  { type: "features", pattern: "src/features" },
  { type: "ui", pattern: "src/ui" },
  { type: "cli", pattern: "src/cli" },
  { type: "sw", pattern: "src/sw" },
  { type: "workers", pattern: "workers" },
];

/** `from` may import anything in `to`; within an element everything is allowed. */
const allow = (from: string, ...to: string[]) => ({
  from: { element: { types: { anyOf: [from] } } },
  allow: { to: { element: { types: { anyOf: to } } } },
});
const allowTypes = (from: string, ...to: string[]) => ({
  from: { element: { types: { anyOf: [from] } } },
  allow: { to: { element: { types: { anyOf: to } } }, dependency: { kind: "type" } },
});

const importDirection = {
  default: "disallow" as const,
  message:
    "Imports point one way (see ARCHITECTURE.md): {{from.element.types}} may not import {{to.element.types}}.",
  policies: [
    allow("hub", "core"),
    allow("storage", "core"),
    allow("photos", "core"),
    allowTypes("photos", "rpc"),
    allow("rpc", "core"),
    allow("engine", "core", "hub", "storage"),
    allowTypes("engine", "rpc"),
    allow("workers", "core", "engine", "hub", "storage", "photos", "rpc", "sw"),
    allow("cli", "core", "engine", "hub", "storage"),
    allowTypes("cli", "rpc"),
    allow("state", "core", "storage"),
    allowTypes("state", "rpc"),
    allow("ui", "core"),
    allowTypes("ui", "rpc"),
    allow("features", "core", "ui", "state"),
    allowTypes("features", "rpc"),
  ],
};

const ORT_MESSAGE =
  "Only src/engine/ort knows onnxruntime-web; ask it for a session (see ARCHITECTURE.md).";
const CORE_MESSAGE = "src/core is pure: no browser, no Node, no React, no onnxruntime.";

const bannedSyntax = [
  {
    selector: "TSAsExpression > TSAsExpression:not([typeAnnotation.typeName.name='const'])",
    message: "A double cast switches the type checker off: narrow the value with a type guard.",
  },
  {
    selector:
      "TSEnumDeclaration, TSParameterProperty, TSModuleDeclaration[kind!='global'][declare!=true]",
    message: "Only TypeScript that disappears when types are removed: no enums, no namespaces.",
  },
];
const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name, so that a thing is called the same everywhere.",
};

export default defineConfig(
  globalIgnores([
    "dist/",
    "coverage/",
    "test-results/",
    "playwright-report/",
    "public/",
    "tools/",
    // written by protoc-gen-es
    "src/core/onnx/proto/",
  ]),
  {
    files: ["**/*.{ts,tsx,mjs}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-restricted-syntax": ["error", ...bannedSyntax, noDefaultExport],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["onnxruntime-*"], message: ORT_MESSAGE }] },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-expect-error": "allow-with-description", minimumDescriptionLength: 10 },
      ],
      // Numbers in messages read better bare, and cannot print as anything unexpected.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    // Who may import whom.
    files: ["src/**/*.{ts,tsx}", "workers/**/*.ts"],
    plugins: { boundaries },
    settings: {
      "boundaries/elements": elements,
      "import/resolver": { node: { extensions: [".ts", ".tsx", ".mjs"] } },
    },
    rules: { "boundaries/dependencies": ["error", importDirection] },
  },
  {
    files: ["src/engine/ort/**/*.ts"],
    rules: { "no-restricted-imports": "off" },
  },
  {
    files: ["src/core/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["node:*", "onnxruntime-*", "react*", "@mantine/*", "zustand*", "comlink"],
              message: CORE_MESSAGE,
            },
          ],
        },
      ],
    },
  },
  {
    // Numeric loops index arrays whose length they have just established; a check after every
    // access (noUncheckedIndexedAccess) would bury the equation. Here, and only here, `!` may say so.
    files: [
      "src/core/{attention,autodiff,build,compose,compress,concept,convolution,diffusion,evaluate,exchange,image,linalg,merge,onnx,optim,passes,random,surgery,tensor,wasm}/**/*.ts",
      "src/**/*.ref.ts",
    ],
    // For the same reason an index that is also a position may be counted by hand.
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/prefer-for-of": "off",
    },
  },
  {
    // The members of a RuleContext are closures that a rule takes apart by name; none reads `this`.
    files: ["src/core/autodiff/**/*.ts"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    ...reactHooks.configs.flat["recommended-latest"],
  },
  {
    // Tests may reach anywhere, and assert what they have set up themselves.
    files: ["**/*.test.{ts,tsx}", "tests/**/*.ts", "e2e/**/*.ts"],
    rules: {
      "boundaries/dependencies": "off",
      "no-restricted-imports": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    // These tools read a default export.
    files: ["*.config.ts"],
    rules: { "no-restricted-syntax": ["error", ...bannedSyntax] },
  },
  {
    // Plain Node scripts: JSON.parse and child processes are typed loosely there, and JSDoc has no
    // `satisfies unknown`; the type checker still reads them.
    files: ["scripts/**/*.mjs"],
    rules: {
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
    },
  },
);
