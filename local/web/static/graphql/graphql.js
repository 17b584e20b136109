// GraphiQL on the local API, with the token of the person who is chosen above it.

const person = document.querySelector("#person");
const main = document.querySelector("#graphiql");

async function execute(parameters) {
  const { token } = await (await fetch(`/demo/tokens/${person.value}`)).json();
  const response = await fetch(`${main.dataset.api}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

// The editors would keep the Tab key to themselves, and nobody could leave them by keyboard.
const leave = (event) => {
  if (event.key === "Tab" && event.target.closest(".CodeMirror")) event.stopPropagation();
};
main.addEventListener("keydown", leave, { capture: true });

const documents = await (await fetch("/graphql/documents")).json();
ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher: execute,
    defaultTabs: documents,
    defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: false,
    shouldPersistHeaders: false,
    storage: sessionStorage, // so that a tab of the browser begins with the documents as they are now
  }),
  main,
);
