/** A row of tabs: arrow keys choose, as the ARIA practices have it. */
import { css, html, nothing, type TemplateResult } from 'lit';

export interface Tab {
  id: string;
  label: string;
  count?: string;
}

export const tablistStyles = css`
  .tabs {
    display: flex;
    gap: 0.25rem;
    overflow-x: auto;
    scrollbar-width: none;
    border-block-end: 1px solid var(--_line);
  }
  .tab {
    flex: none;
    min-height: 2.75rem;
    padding: 0.25rem 0.5rem;
    border: 0;
    border-block-end: 3px solid transparent;
    background: none;
    color: var(--_muted);
    font: inherit;
    font-size: 0.9375em;
    font-weight: 600;
    cursor: pointer;
  }
  .tab:focus-visible {
    outline-offset: -2px;
  }
  .tab[aria-selected='true'] {
    border-color: var(--_accent);
    color: var(--_text);
  }
  @media (forced-colors: active) {
    .tab {
      border-color: Canvas;
    }
    .tab[aria-selected='true'] {
      border-color: Highlight;
    }
  }
`;

/** Renders tabs for the panel with the id `panel`. */
export function renderTabs(label: string, tabs: Tab[], selected: string, select: (id: string) => void): TemplateResult {
  const move = (event: KeyboardEvent) => {
    const row = event.currentTarget as HTMLElement;
    const forward = row.matches(':dir(rtl)') ? 'ArrowLeft' : 'ArrowRight';
    const at = tabs.findIndex(({ id }) => id === selected);
    const steps: Record<string, number> = { ArrowRight: at - 1, ArrowLeft: at - 1, [forward]: at + 1 };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = (to + tabs.length) % tabs.length;
    select(tabs[index]!.id);
    row.querySelectorAll<HTMLElement>('[role=tab]')[index]!.focus();
  };
  return html`<div class="tabs" role="tablist" part="tabs" aria-label=${label} @keydown=${move}>
    ${tabs.map(
      ({ id, label, count }) =>
        html`<button
          class="tab"
          role="tab"
          id="tab-${id}"
          aria-selected=${id === selected}
          aria-controls="panel"
          tabindex=${id === selected ? 0 : -1}
          @click=${() => select(id)}
        >
          ${label}${count ? html` <span class="tag">${count}</span>` : nothing}
        </button>`,
    )}
  </div>`;
}
