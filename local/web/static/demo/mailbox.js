// The mails of the demo beside the page: the list is asked for every moment, and the newest is opened as it arrives.
import { say } from "./words.js";

const POLL_MILLISECONDS = 1500;
const box = document.querySelector("#mailbox");
const list = document.querySelector("#mails");
const shown = document.querySelector("#mail");
const told = document.querySelector("#news");

let mails = [];
let opened;
let names = new Map();

/** Shows the mails to these people as they arrive, and calls back when there are new ones. */
export function watch(people, arrived) {
  names = new Map(people.map(({ email, name }) => [email, name]));
  setInterval(() => document.visibilityState === "visible" && look(arrived), POLL_MILLISECONDS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look(arrived));
  for (const seen of ["focusin", "pointerdown"]) box.addEventListener(seen, () => told.replaceChildren());
  return look(arrived);
}

async function look(arrived) {
  const found = await (await fetch("/demo/mails")).json();
  if (found[0]?.id === mails[0]?.id) return;
  const known = new Set(mails.map(({ id }) => id));
  const news = found.filter(({ id }) => !known.has(id));
  mails = found;
  // Who reads a mail goes on reading it.
  if (news.length === 0 || !box.contains(document.activeElement)) open(mails[0]);
  show();
  if (news.length > 0) {
    told.textContent = say("mailNews", addressee(news[0]), news[0].subject);
    arrived();
  }
}

/** Shows the list again, in the language of the page. */
export function show() {
  told.replaceChildren();
  document.querySelector("#no-mails").hidden = mails.length > 0;
  const focused = document.activeElement?.dataset.mail;
  list.replaceChildren(...mails.map(row));
  if (focused) list.querySelector(`[data-mail="${focused}"]`)?.focus();
}

function row(mail) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.mail = mail.id;
  button.setAttribute("aria-pressed", String(mail.id === opened?.id));
  const about = document.createElement("span");
  const time = new Date(mail.at * 1000).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
  about.append(isolated(say("mailTo", addressee(mail))), isolated(time));
  button.append(about, isolated(mail.subject));
  button.addEventListener("click", () => {
    open(mail);
    show();
  });
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function open(mail) {
  if (mail?.id === opened?.id) return;
  opened = mail;
  shown.replaceChildren(...(mail ? [frame(mail)] : []));
}

/** The mail as a mail program shows it: no scripts, and links in tabs of their own. */
function frame(mail) {
  const frame = document.createElement("iframe");
  frame.title = mail.subject;
  frame.sandbox.add("allow-popups", "allow-popups-to-escape-sandbox");
  frame.src = `/mails/${mail.id}/html`;
  return frame;
}

const addressee = ({ to }) => to.map((address) => names.get(address) ?? address).join(", ");

function isolated(text) {
  return Object.assign(document.createElement("bdi"), { textContent: text });
}
