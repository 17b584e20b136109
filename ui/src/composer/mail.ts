/** A mail's HTML in a page whose policy allows neither inline styles nor foreign images. */
import { html, render } from 'lit';

const KEPT = /^(a|b|bdi|blockquote|br|div|p|span|strong|table|tbody|td|tr|wbr)$/;
const DROPPED = /^(script|style|title|meta|link|base)$/;
const ATTRIBUTES = ['align', 'cellpadding', 'cellspacing', 'dir', 'height', 'lang', 'width'];

/**
 * Makes a copy of a mail that only looks like it: its styles are set one by one, which a policy allows, its links lead
 * nowhere, and of its images the alternative text is left.
 */
export function mailBody(markup: string): Node[] {
  const inert = document.implementation.createHTMLDocument('');
  // Parsed as a template of Lit's, the one way that a policy of trusted types leaves open. Without its head, and with
  // styles under another name, because the policy would hear of each of them already now.
  const strings = [markup.replace(/^[^]*<body/, '<body').replace(/ style=/g, ' data-style=')];
  const template = html(Object.assign(strings, { raw: strings }) as unknown as TemplateStringsArray);
  render(template, inert.body, { creationScope: inert });
  return copies(inert.body);
}

const copies = (parent: Node): Node[] => [...parent.childNodes].flatMap(copy);

function copy(node: Node): Node[] {
  if (node instanceof Text) return [document.createTextNode(node.data)];
  if (!(node instanceof HTMLElement) || DROPPED.test(node.localName)) return [];
  if (node instanceof HTMLImageElement) return [document.createTextNode(node.alt)];
  // A heading of the mail is none of the page's.
  const result = document.createElement(KEPT.test(node.localName) ? node.localName : 'div');
  for (const name of ATTRIBUTES) if (node.hasAttribute(name)) result.setAttribute(name, node.getAttribute(name)!);
  if (result instanceof HTMLTableElement) result.role = 'presentation';
  result.style.cssText = node.dataset.style ?? '';
  result.append(...copies(node));
  return [result];
}
