/** A row of tabs: arrow keys choose, as the ARIA practices have it. */
import { html, nothing, type TemplateResult } from 'lit';

export interface Tab {
  id: string;
  label: string;
  count?: string;
}

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
          type="button"
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
