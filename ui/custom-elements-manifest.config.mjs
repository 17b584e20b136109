/** How the elements are described for editors, Storybook and the React wrappers. */
export default {
  globs: ['src/*.ts'],
  litelement: true,
  outdir: '.',
  plugins: [
    {
      name: 'public-only',
      packageLinkPhase({ customElementsManifest }) {
        for (const { declarations = [] } of customElementsManifest.modules) {
          for (const declaration of declarations) {
            const hidden = new Set(
              declaration.members?.filter(({ privacy }) => privacy && privacy !== 'public').map(({ name }) => name),
            );
            const shown = ({ name, fieldName }) => !hidden.has(fieldName ?? name);
            if (declaration.members) declaration.members = declaration.members.filter(shown);
            if (declaration.attributes) declaration.attributes = declaration.attributes.filter(shown);
            // `tell` dispatches whatever it is given; what elements fire stands above their classes.
            if (declaration.events) declaration.events = declaration.events.filter(({ name }) => name?.startsWith('invitation-'));
          }
        }
      },
    },
  ],
};
