// The people of the demo: who they are to the community, and the tokens that they would have from signing in.
import { say } from "./words.js";

const box = document.querySelector("#people");

/** Gives the person's token, as the host platform's sign-in would. */
export async function token(person) {
  const response = await fetch(`/demo/tokens/${person.userId}`);
  return (await response.json()).token;
}

/** What the person may do in the community now, as the API says. */
export async function options(person, scene) {
  const response = await fetch(`${scene.apiUrl}/communities/${scene.communityId}/options`, {
    headers: { authorization: `Bearer ${await token(person)}` },
  });
  return response.json();
}

/** What the person is to the community: someone who was invited may have joined since. */
export const part = ({ role }, { mayInvite }) => (role === "invitee" && mayInvite ? "joined" : role);

/** Shows everybody as a choice, and calls back with the one who is chosen. */
export function offer(people, chosen, choose) {
  box.replaceChildren(
    ...people.map((person) => {
      const label = make("label", "person");
      const radio = make("input");
      Object.assign(radio, { type: "radio", name: "person", value: person.userId, checked: person === chosen });
      radio.addEventListener("change", () => choose(person));
      const face = make("span", "face", person.name.split(" ").map((word) => word[0]).join(""));
      face.setAttribute("aria-hidden", "true");
      const who = make("span");
      const part = make("small", "", say(person.role));
      part.dataset.part = person.userId;
      const name = make("b", "", person.name);
      name.dir = "auto";
      who.append(name, " ", part);
      label.append(radio, face, who);
      return label;
    }),
  );
}

/** Says below the person's name what they are now. */
export function describe(person, part) {
  box.querySelector(`[data-part="${person.userId}"]`).textContent = say(part);
}

function make(name, className = "", text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}
