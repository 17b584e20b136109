/** Makes what the package on npm has besides the bundle: its manifest, its types, and wrappers for React made from the manifest. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
const run = (command, ...words) => execFileSync(`${HERE}/node_modules/.bin/${command}`, words, { cwd: HERE, stdio: 'inherit' });

run('cem', 'analyze', '--quiet');
const { modules } = JSON.parse(await readFile(`${HERE}/custom-elements.json`, 'utf8'));
const elements = modules.flatMap(({ declarations = [] }) => declarations).filter(({ tagName }) => tagName);

/** `invitation-before-send` as React names it: `onInvitationBeforeSend`. */
const handler = (event) => `on${event.replace(/(^|-)(\w)/g, (_, __, letter) => letter.toUpperCase())}`;
const wrapper = ({ name, tagName, events }) => `
export const ${name} = createComponent({
  tagName: '${tagName}',
  elementClass: Elements.${name},
  react: React,
  events: {
${events.map((event) => `    ${handler(event.name)}: '${event.name}' as EventName<CustomEvent>,`).join('\n')}
  },
});
`;
const source = `/** The elements as React components. */
import * as React from 'react';
import { createComponent, type EventName } from '@lit/react';
import * as Elements from './index.js';
${elements.map(wrapper).join('')}`;

const react = `${HERE}/src/react.ts`;
await mkdir(`${HERE}/dist`, { recursive: true });
try {
  await writeFile(react, source);
  run('tsc', '--emitDeclarationOnly', '--outDir', 'dist/types');
  await build({
    entryPoints: [react],
    outfile: `${HERE}/dist/react.js`,
    bundle: true,
    format: 'esm',
    target: ['es2022'],
    minify: true,
    external: ['react'],
    plugins: [
      {
        name: 'one-bundle',
        setup({ onResolve }) {
          onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: './invitations.js', external: true }));
        },
      },
    ],
  });
} finally {
  await rm(react, { force: true });
}
