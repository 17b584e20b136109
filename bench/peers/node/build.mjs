// One bundle for each function, as AWS's guides have it: esbuild, minified, ES modules, the SDK included.
import { build } from "esbuild";

await build({
  entryPoints: ["send", "accept", "list-mine", "status"].map((name) => `src/${name}.js`),
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  minify: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // The SDK's ES modules: more of what is not used is left out.
  mainFields: ["module", "main"],
  // Some packages of the SDK still call `require`.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "warning",
});
