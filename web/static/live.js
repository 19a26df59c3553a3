// What goes on while a page stays open: lost connections, ended sessions, copied addresses.

const offline = document.getElementById("offline");

function tellOffline(isOffline) {
  offline.textContent = isOffline ? offline.dataset.words : "";
}

document.addEventListener("htmx:sendError", () => tellOffline(true));
document.addEventListener("htmx:timeout", () => tellOffline(true));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) tellOffline(false);
});

// The browser follows the redirect to the sign-in page by itself, and its form is no row of a list.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL).pathname;
  if (answered === event.detail.pathInfo.requestPath.split("?")[0]) return;
  event.detail.shouldSwap = false;
  location.reload();
});

// What the page shows is gone, or not the reader's any more, or it has been open for too long: the whole page says so.
document.addEventListener("htmx:responseError", (event) => {
  if ([403, 404].includes(event.detail.xhr.status)) location.reload();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = button.dataset.done;
  } catch {
    getSelection().selectAllChildren(source); // without https there is no clipboard; copying by hand is one key away
  }
});

// What the reader has opened, or listens to, stays so when its row is brought up to date.
const KEPT = ["open", "data-playing"];
if (window.Idiomorph) Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name) => !KEPT.includes(name);
