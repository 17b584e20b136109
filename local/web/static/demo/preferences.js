// The language and the colours that the person at the screen likes, kept between visits.
import { LANGUAGES, speak } from "./words.js";

const language = document.querySelector("#language");
const theme = document.querySelector("#theme");
for (const tag of LANGUAGES) {
  const own = new Intl.DisplayNames(tag, { type: "language" }).of(tag);
  language.add(Object.assign(new Option(own, tag), { lang: tag }));
}

/** What the elements are told. */
export const preferences = () => ({ locale: language.value, theme: theme.value });

/** Puts the preferences into force, and calls back whenever they change. */
export function follow(changed) {
  const spoken = navigator.language.split("-")[0];
  language.value = localStorage.getItem("language") ?? (LANGUAGES.includes(spoken) ? spoken : "en");
  theme.value = localStorage.getItem("theme") ?? "auto";
  const apply = () => {
    speak(language.value);
    document.documentElement.dataset.theme = theme.value;
  };
  apply();
  for (const select of [language, theme]) {
    select.addEventListener("change", () => {
      localStorage.setItem(select.id, select.value);
      apply();
      changed();
    });
  }
}
