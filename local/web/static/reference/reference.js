// The contract in Swagger UI, with the token of the person who is chosen above it.

const person = document.querySelector("#person");
const signedIn = document.querySelector("#signed-in");
const dark = matchMedia("(prefers-color-scheme: dark)");

const showScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
showScheme();
dark.addEventListener("change", showScheme);

const reference = SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#reference",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  defaultModelRendering: "model",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete: signIn,
});

async function signIn() {
  if (!person.value) {
    if (signedIn.textContent) reference.authActions.logout(["token"]);
    signedIn.textContent = "Choose a person, and every call is theirs.";
    return;
  }
  const response = await fetch(`/demo/tokens/${person.value}`);
  const { token } = await response.json();
  reference.preauthorizeApiKey("token", token);
  signedIn.textContent = "Their token goes with every call.";
}

person.addEventListener("change", signIn);
