// Requests to the server. If it needs an API key, the page asks for it once in each tab.

const STORED = "vaner-api-key";
let question = null; // requests that are refused at the same time wait for one answer

/** Like fetch, with the API key of this tab. */
export async function request(path, options = {}) {
  for (;;) {
    const key = sessionStorage.getItem(STORED);
    const headers = key ? { ...options.headers, Authorization: `Bearer ${key}` } : options.headers;
    const response = await fetch(path, { ...options, headers });
    if (response.status !== 401) return response;
    if (key === sessionStorage.getItem(STORED)) {
      await (question ??= askForKey(key !== null).finally(() => (question = null)));
    }
  }
}

/** Ask for a key and store it. Fails if the user closes the dialog. */
function askForKey(isAgain) {
  const dialog = document.createElement("dialog");
  dialog.id = "key-question";
  dialog.setAttribute("aria-labelledby", "key-label");
  dialog.innerHTML =
    '<form><p><label id="key-label" for="key"></label></p><div class="row">' +
    '<input id="key" type="password" autocomplete="current-password" required ' +
    'pattern="\\s*[!-~]+\\s*" title="A key has only ASCII characters and no spaces.">' +
    '<button class="main">Use this key</button></div></form>';
  dialog.querySelector("label").textContent = isAgain
    ? "The server does not know this API key. Try another one:"
    : "This server needs an API key. Ask the person who runs it:";
  document.body.append(dialog);
  return new Promise((resolve, reject) => {
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      sessionStorage.setItem(STORED, dialog.querySelector("input").value.trim());
      resolve();
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      reject(new Error("This server needs an API key. Reload the page to enter one."));
    });
    dialog.showModal();
  });
}
