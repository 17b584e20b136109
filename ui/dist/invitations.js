// The custom elements' bundle. This one has none of them yet.
for (const name of ["composer", "manager", "inbox", "badge", "card", "notice"]) {
  customElements.define(`invitation-${name}`, class extends HTMLElement {});
}
