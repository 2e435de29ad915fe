// Status, problems with controls that fix them, and the confirmation before corrections are lost.

import { state } from "./state.js";

export const $ = (id) => document.getElementById(id);

/** Whether keys belong to an element, such as a text field. */
export const isField = (element) => element.closest("textarea, select, input:not([type=checkbox], [type=range])");

let queue = Promise.resolve(); // one action at a time: each sees the result of the previous one

/** A problem to show to the user, with controls that fix it. */
export class Problem extends Error {
  constructor(message, controls = [], isTransient = false) {
    super(message);
    this.controls = controls;
    this.isTransient = isTransient; // it may succeed if it is tried again
  }
}

export function setStatus(text) {
  $("status").textContent = text;
}

/** Run an action after those before it, and show its problem if it fails. */
export function run(action) {
  queue = queue.then(async () => {
    $("problem").hidden = true;
    try {
      await action();
    } catch (error) {
      setStatus("");
      showProblem(error, action);
    }
  });
  return queue;
}

export function showProblem(error, action) {
  const text = document.createElement("p");
  text.textContent = error.message;
  const controls = [...(error.controls ?? [])];
  if (error.isTransient && action) controls.push(button("Try again", () => run(action)));
  controls.push(button("Close", () => ($("problem").hidden = true)));
  const row = document.createElement("div");
  row.className = "row";
  row.append(...controls);
  $("problem").replaceChildren(text, row);
  $("problem").hidden = false;
  if (!(error instanceof Problem)) console.error(error);
}

export function button(text, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", action);
  return element;
}

/** A selection, or a text field if there are no options, with a button that applies it. */
export function chooser(label, options, action) {
  const holder = document.createElement("label");
  const field = document.createElement(options ? "select" : "input");
  if (options) field.append(...options.map(([value, text]) => new Option(text, value)));
  holder.append(`${label} `, field);
  return [holder, button("Open again", () => action(field.value))];
}

/** Whether the documents may be replaced: asks if there are corrections that were not downloaded. */
export async function mayReplace(download) {
  if (!state.unsaved) return true;
  $("confirm-text").textContent = "You have made corrections that are not downloaded yet.";
  const dialog = $("confirm");
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue === "download") await download();
  return ["download", "discard"].includes(dialog.returnValue); // it is empty after Escape
}
