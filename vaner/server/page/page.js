// The page: sends text to the server, shows the mentions, and lets the user correct them.

import { get } from "./api.js";
import { accept, acceptAll, correct, remove, undo } from "./changes.js";
import { setRules } from "./concepts.js";
import { close, editSelection, handleKey, isOpen, open, startEditing } from "./edit.js";
import { annotateAnew, annotateText, download, formatOptions, openFiles } from "./files.js";
import { $, isField, run } from "./messages.js";
import { moveFocus, numberOf, refresh, renderMore } from "./render.js";
import { state } from "./state.js";
import { mentionsAt, showTip } from "./tip.js";

async function start() {
  const [about, rules] = await Promise.all([get("types"), get("links.json")]);
  state.about = about;
  state.types = [...about.types];
  setRules(rules);
  const form = about.form ? `, ${about.form.replace("exported, ", "")}` : "";
  const selector = about.selector ? ", with a selector" : "";
  $("model").textContent = `${about.model}${form}${selector} · vaner ${about.vaner}`;
  $("others").hidden = !about.zero_shot;
  $("improbable").hidden = !Object.keys(about.min_scores).length;
  const formats = formatOptions(about.write.filter((name) => name !== "json"));
  $("format").replaceChildren(...formats.map(([name, text]) => new Option(text, name)));
  $("format").value = "jsonl";
  document.body.dataset.scores = $("scores").value;
}

// --- Texts, files and filters

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  run(annotateText);
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(annotateText);
});
$("example").addEventListener("click", () => {
  $("text").value = $("example-text").content.textContent;
  run(annotateText);
});
$("anew").addEventListener("click", () => run(annotateAnew));
$("files").addEventListener("change", () => {
  const files = [...$("files").files];
  $("files").value = "";
  run(() => openFiles(files));
});
const hasFiles = (event) => event.dataTransfer.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.remove("over");
  const files = [...event.dataTransfer.files];
  run(() => openFiles(files));
});
$("score").addEventListener("input", () => {
  state.minScore = $("score").valueAsNumber;
  $("score-value").textContent = state.minScore;
  refresh();
});
$("overlaps").addEventListener("change", () => {
  state.onlyBest = $("overlaps").value === "best";
  refresh();
});
$("scores").addEventListener("change", () => (document.body.dataset.scores = $("scores").value));
$("types").addEventListener("click", (event) => {
  const { type } = event.target.closest("button")?.dataset ?? {};
  if (type === undefined) return;
  if (!state.hidden.delete(type)) state.hidden.add(type);
  refresh();
});
$("undo").addEventListener("click", () => run(undo));
$("accept-all").addEventListener("click", () => run(acceptAll));
$("more").addEventListener("click", () => run(renderMore));
$("download").addEventListener("click", () => run(download));
$("keys").addEventListener("click", () => $("help").showModal());

// --- Mentions

const indexOf = (element) => Number(element.closest("article").dataset.index);

$("documents").addEventListener("click", (event) => {
  const add = event.target.closest(".add");
  if (add) {
    open(indexOf(add), null, null, { byKeyboard: true });
    return;
  }
  const [number] = event.target.closest(".text") ? mentionsAt(event.target) : [];
  if (event.target.closest(".text a")) event.preventDefault();
  else if (!getSelection().isCollapsed) return; // the end of a selection, not a click
  if (number === undefined) {
    close({ returnFocus: false });
    return;
  }
  const index = indexOf(event.target);
  open(index, state.documents[index].spans[number], null, { byKeyboard: event.detail === 0 });
});

/** Keys of the mention that has the focus. */
function handleMentionKey(event, link) {
  const index = indexOf(link);
  const span = state.documents[index].spans[numberOf(link)];
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1] ?? /^[1-9]$/.exec(event.key)?.[0];
  if (event.key === " ") link.click();
  else if (event.key === "ArrowRight") moveFocus(link, 1);
  else if (event.key === "ArrowLeft") moveFocus(link, -1);
  else if (event.key === "Delete" || event.key === "Backspace") run(() => remove(index, span, event.shiftKey));
  else if (event.key.toLowerCase() === "a") {
    run(() => accept(index, span, event.shiftKey).then(() => moveFocus(document.activeElement, 1)));
  } else if (digit && state.types[digit - 1]) {
    run(() => correct(index, span, span, state.types[digit - 1], event.shiftKey));
  } else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  const isCommand = event.ctrlKey || event.metaKey;
  const link = event.target.closest("#documents .text a");
  if (document.querySelector("dialog[open]")) return;
  let isHandled = isOpen() && (!link || event.key === "Escape") && handleKey(event);
  if (!isHandled && isCommand && !isField(event.target) && event.key.toLowerCase() === "z") {
    isHandled = true;
    run(undo);
  } else if (!isHandled && event.key === "?" && !isField(event.target)) {
    isHandled = true;
    $("help").showModal();
  } else if (!isHandled && link && !isCommand && !event.altKey) {
    isHandled = isOpen() ? handleKey(event) : handleMentionKey(event, link);
  }
  if (isHandled) event.preventDefault();
});
document.addEventListener("mousedown", (event) => {
  if (isOpen() && !event.target.closest("#edit, #documents .text")) close({ returnFocus: false });
});
document.addEventListener("mouseup", (event) => {
  if (!event.target.closest?.("#edit")) setTimeout(editSelection); // after the selection has changed
});
document.addEventListener("keyup", (event) => {
  if (event.shiftKey && !event.target.closest("input, textarea, a")) editSelection();
});
if (matchMedia("(pointer: coarse)").matches) {
  let timer; // with a finger, the selection changes until the user pauses
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = setTimeout(editSelection, 600);
  });
}
document.addEventListener("mouseover", (event) => showTip(event.target));
document.addEventListener("focusin", (event) => showTip(event.target));
addEventListener("scroll", () => ($("tip").hidden = true), { passive: true });
addEventListener("beforeunload", (event) => state.unsaved && event.preventDefault());

startEditing();
run(start);
