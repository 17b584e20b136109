// The demo's page, as a host platform's would be: it knows who is signed in, and hands the elements their tokens.
import * as mailbox from "./mailbox.js";
import * as people from "./people.js";
import { follow, preferences } from "./preferences.js";
import { say } from "./words.js";

const SECTIONS = { invite: "mayInvite", manage: "mayModerate" };
const places = [...document.querySelectorAll("[data-element]")];
const headings = new Map(places.map((place) => [place, place.querySelector("[slot=heading]")]));

let scene = await (await fetch("/demo/scene")).json();
let person = scene.people.find(({ userId }) => userId === sessionStorage.getItem("person")) ?? scene.people[0];
let options = {};
let fresh = false; // whether the person has just started over

/** Puts a fresh element everywhere: another person starts with nothing of the one before. */
function signIn(chosen) {
  person = chosen;
  options = {};
  fresh = false;
  sessionStorage.setItem("person", person.userId);
  mailbox.show();
  for (const place of places) place.replaceChildren(element(place.dataset.element, headings.get(place)));
  describe();
  return keepUp();
}

function element(name, heading) {
  const element = document.createElement(name);
  if (heading) element.append(heading);
  element.setAttribute("api-url", scene.apiUrl);
  element.setAttribute("community-id", scene.communityId);
  prefer(element);
  const signedIn = person;
  element.getToken = () => people.token(signedIn);
  return element;
}

function prefer(element) {
  for (const [name, value] of Object.entries(preferences())) element.setAttribute(name, value);
}

const elements = () => places.map((place) => place.firstElementChild);

/** What the person may do may have changed by what somebody did. */
async function keepUp() {
  const asked = person;
  const found = await people.options(asked, scene);
  if (asked !== person) return;
  options = found;
  describe();
}

function describe() {
  const part = people.part(person, options);
  people.describe(person, part);
  document.querySelector("#hint").textContent = say(fresh ? "startedOver" : `${part}Hint`);
  for (const [id, may] of Object.entries(SECTIONS)) document.getElementById(id).hidden = !options[may];
}

/** Something has happened that the elements need not know of yet. */
function refresh() {
  fresh = false;
  // Not the composer, in which somebody may be writing.
  for (const element of elements()) if (element.localName !== "invitation-composer") element.refresh?.();
  return keepUp();
}

async function startOver() {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  scene = await (await fetch("/demo/scene", request)).json();
  offer();
  const signedIn = signIn(person);
  fresh = true;
  await signedIn;
}

function offer() {
  person = scene.people.find(({ userId }) => userId === person.userId);
  people.offer(scene.people, person, signIn);
}

follow(() => {
  offer();
  describe();
  mailbox.show();
  elements().forEach(prefer);
});
offer();
Object.assign(document.querySelector("#start-over"), { onclick: startOver, disabled: false });
document.addEventListener("invitation-action", keepUp);
document.addEventListener("invitation-send", refresh);
addEventListener("focus", keepUp);
await signIn(person);
await mailbox.watch(scene.people, refresh);
