/** A style sheet of a text. Lit's own `css` also serves browsers that have no such sheets, nor `light-dark()`. */
export function css({ raw: [text] }: TemplateStringsArray): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text!);
  return sheet;
}
