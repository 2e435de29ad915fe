// The page: sends text to the server, shows the mentions, and lets the user correct them. The server
// renders the documents, with the same code as the HTML format; it also returns their mentions in
// the order of their links.

import { request } from "./api_key.js";
import { find, length, placeOf, slice } from "./offsets.js";

const KINDS = 24; // colors of types, as in vaner/display/html/style.py
const PAGE_SIZE = 20; // documents shown at first, and by each "Show more"

const $ = (id) => document.getElementById(id);

let about = { types: [], write: [] };
let documents = []; // as in JSON Lines; replaced, never modified, so that the undo stack stays valid
let undoStack = []; // the value of `documents` before each change
let knownTypes = []; // entity types in the order of their colors
let shown = 0; // number of documents on the page
let unsaved = false; // whether there are corrections that were not downloaded
let editing = null; // { index, number } of a document and a mention; number is null for a new mention

// --- Requests

async function post(path, body, type) {
  const response = await request(path, { method: "POST", body, headers: { "Content-Type": type } });
  if (!response.ok) throw new Error((await response.json()).error);
  return response;
}

const asJson = (documents) => JSON.stringify({ documents });

/** Run an action, and show its error if it fails. */
async function showErrors(action) {
  $("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    const unreachable = error instanceof TypeError; // as fetch reports it
    $("problem").textContent = unreachable ? "The server cannot be reached." : error.message;
    $("problem").hidden = false;
    $("status").textContent = "";
  }
}

/** The query of a request, from the choices on the page. */
function buildQuery() {
  const boxes = [...$("types").querySelectorAll("input:checked")].map((box) => box.value);
  const others = $("other").value.split(",").map((name) => name.trim()).filter(Boolean);
  const types = [...boxes, ...others];
  if (!types.length) throw new Error("Choose a type to find.");
  const query = new URLSearchParams({ format: "json", overlaps: $("overlaps").value });
  query.set("min_score", $("score").value || 0);
  if (others.length || boxes.length < about.types.length) {
    types.forEach((name) => query.append("types", name));
  }
  return query;
}

async function annotate(parts) {
  if ($("go").disabled) return; // the previous request is not finished
  const start = performance.now();
  $("go").disabled = true;
  $("status").textContent = "Annotating …";
  try {
    const annotated = [];
    for (const { body, type, name } of parts) {
      const query = buildQuery();
      if (name) query.set("name", name);
      const response = await (await post(`annotate?${query}`, body, type)).json();
      annotated.push(...response.documents);
    }
    if (documents.length) undoStack.push(documents);
    documents = annotated;
    await renderAll();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    $("status").textContent = `${summary()} in ${seconds} s`;
  } finally {
    $("go").disabled = false;
  }
}

/** The number of documents and mentions. */
function summary() {
  const mentions = documents.reduce((sum, document) => sum + document.spans.length, 0);
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  return `${count(documents.length, "document")}, ${count(mentions, "mention")}`;
}

// --- Rendering

/** The articles of documents, and the documents with their mentions in the order of the links. */
async function render(some, first) {
  some.forEach((item) => item.spans.forEach((span) => knownTypes.includes(span.type) || knownTypes.push(span.type)));
  const query = new URLSearchParams({ first });
  knownTypes.forEach((name) => query.append("type", name));
  const response = await (await post(`draw?${query}`, asJson(some), "application/json")).json();
  return response.html.map((html, i) => {
    const holder = document.createElement("template");
    holder.innerHTML = html; // escaped by the server; scripts in a template never run
    return { article: holder.content.firstElementChild, ordered: response.documents.documents[i] };
  });
}

async function renderAll() {
  close();
  $("documents").replaceChildren();
  shown = 0;
  $("results").hidden = false;
  await renderMore();
}

async function renderMore() {
  const some = documents.slice(shown, shown + PAGE_SIZE);
  if (some.length) {
    const rendered = await render(some, shown + 1);
    documents = documents.toSpliced(shown, some.length, ...rendered.map((item) => item.ordered));
    rendered.forEach(({ article }) => $("documents").append(makeEditable(article, shown++)));
  }
  $("more").hidden = shown >= documents.length;
  $("undo").disabled = !undoStack.length;
}

async function rerender(index) {
  const [{ article, ordered }] = await render([documents[index]], index + 1);
  documents = documents.with(index, ordered);
  $("documents").children[index].replaceWith(makeEditable(article, index));
  $("undo").disabled = !undoStack.length;
}

/** Make the links of an article buttons that correct mentions. */
function makeEditable(article, index) {
  for (const marked of article.querySelectorAll(".text [title]")) {
    marked.dataset.details = marked.title;
    marked.removeAttribute("title"); // the page shows it without delay, and for the keyboard too
  }
  for (const link of article.querySelectorAll(".text a")) {
    const number = numberOf(link);
    const span = documents[index].spans[number];
    link.setAttribute("role", "button");
    link.setAttribute("aria-label", `${span.text}: ${link.dataset.details}. Correct`);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(index, number);
    });
    link.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        open(index, number);
      } else if (event.key === "Delete") {
        showErrors(() => remove(index, number));
      }
    });
  }
  const add = document.createElement("button");
  add.type = "button";
  add.className = "add";
  add.textContent = "Add a mention";
  add.addEventListener("click", () => open(index, null));
  article.append(add);
  article.dataset.index = index;
  return article;
}

const numberOf = (link) => Number(link.hash.match(/m(\d+)$/)[1]) - 1;

// --- Editing

function open(index, number, place) {
  const span = number === null ? null : documents[index].spans[number];
  editing = { index, number };
  $("editing").textContent = span ? "Correct a mention" : "Add a mention";
  $("remove").hidden = !span;
  $("start").max = length(documents[index].text) - 1;
  $("end").max = length(documents[index].text);
  const current = knownTypes.includes($("type").value) ? $("type").value : knownTypes[0];
  $("type").replaceChildren(...knownTypes.map((name) => new Option(name)), new Option("another …", ""));
  $("type").value = (span ? span.type : current) ?? "";
  toggleTypeName();
  fill(span ?? place ?? { start: 0, end: 0 });
  $("edit").hidden = false;
  highlight(linkOf(index, number));
  if (!place) $(span ? "type" : "words").focus();
}

function fill({ start, end }) {
  $("start").value = start;
  $("end").value = end;
  $("words").value = slice(documents[editing.index].text, start, end);
  check();
}

/** Ask for the name of the type, unless a known type is selected. */
function toggleTypeName() {
  $("naming").hidden = $("named").disabled = $("type").value !== "";
  $("named").required = !$("named").disabled;
}

function check() {
  const [start, end] = [$("start").valueAsNumber, $("end").valueAsNumber];
  const words = slice(documents[editing.index].text, start, end);
  $("end").setCustomValidity(end > start && words.trim() ? "" : "This range contains no words.");
  $("words").setCustomValidity("");
  return words;
}

/** Highlight the mention that is being edited, and scroll to it. */
function highlight(link) {
  document.querySelector(".current")?.classList.remove("current");
  link?.classList.add("current");
  link?.scrollIntoView({ block: "nearest" });
}

function hideForm() {
  editing = null;
  $("edit").hidden = true;
  highlight(null);
}

function close() {
  const edited = editing;
  hideForm();
  if (edited) focusMention(edited.index, edited.number);
}

function linkOf(index, number) {
  const links = $("documents").children[index]?.querySelectorAll(".text a") ?? [];
  return [...links].find((link) => numberOf(link) === number);
}

function focusMention(index, number) {
  (linkOf(index, number) ?? $("documents").children[index]?.querySelector(".add"))?.focus();
}

async function change(index, spans, line) {
  undoStack.push(documents);
  documents = documents.with(index, { ...documents[index], spans });
  unsaved = true;
  await rerender(index);
  $("status").textContent = `${line} ${summary()}`;
}

async function save() {
  const { index, number } = editing;
  const [start, end] = [$("start").valueAsNumber, $("end").valueAsNumber];
  const type = $("type").value || $("named").value.trim();
  const before = number === null ? null : documents[index].spans[number];
  const moved = !before || before.start !== start || before.end !== end;
  const same = !moved && before.type === type;
  if (!same) {
    // The score and the identifiers belong to the previous range and type: they are removed.
    const span = { start, end, type };
    if (!moved && before.fragments) span.fragments = before.fragments;
    const others = documents[index].spans.filter((_, i) => i !== number);
    const exists = others.some((other) => other.start === start && other.end === end
      && other.type === type && !other.fragments && !span.fragments);
    await change(index, exists ? others : [...others, span], before ? "Corrected." : "Added.");
  }
  hideForm();
  const now = documents[index].spans;
  focusMention(index, now.findIndex((other) => other.start === start && other.end === end && other.type === type));
}

async function remove(index, number) {
  hideForm();
  await change(index, documents[index].spans.filter((_, i) => i !== number), "Removed.");
  focusMention(index, Math.min(number, documents[index].spans.length - 1));
}

async function undo() {
  const before = undoStack.pop();
  const changed = before.length === documents.length
    ? before.flatMap((document, i) => (document === documents[i] ? [] : [i]))
    : null;
  documents = before;
  if (changed?.length === 1 && changed[0] < shown) {
    close();
    await rerender(changed[0]);
  } else {
    await renderAll();
  }
  $("status").textContent = `Undone. ${summary()}`;
}

/** The selected range in the text of a document; null if nothing is selected there. */
function selectedRange() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const holder = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("#documents .text");
  const text = holder(range.commonAncestorContainer);
  if (!text) return null;
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(range.startContainer, range.startOffset);
  const first = before.toString().length;
  const index = Number(text.closest("article").dataset.index);
  const place = placeOf(documents[index].text, first, first + range.toString().length);
  return place && { index, place };
}

/** Edit the selected text: as the new range of the mention that is edited, or as a new mention. */
function editSelection() {
  const selection = selectedRange();
  if (!selection) return;
  const isMoved = editing?.index === selection.index && editing.number !== null;
  if (isMoved) fill(selection.place);
  else open(selection.index, null, selection.place);
}

// --- Files

async function download() {
  if ($("format").value === "jsonl") {
    // From the documents in the browser: corrections can be saved even if the server has stopped.
    saveFile(new Blob(documents.map((document) => `${JSON.stringify(document)}\n`)), "vaner.jsonl");
    return;
  }
  const response = await post(`convert?format=${$("format").value}`, asJson(documents), "application/json");
  const name = response.headers.get("Content-Disposition").match(/filename="(.*)"/)[1];
  saveFile(await response.blob(), name, response.headers.get("X-Vaner-Lost"));
}

function saveFile(blob, name, lost) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
  unsaved = false;
  $("status").textContent = lost ? `Downloaded. ${lost}` : "Downloaded.";
}

async function readFiles(files) {
  const parts = [...files].map((file) => ({
    body: file, type: "application/octet-stream", name: file.name,
  }));
  if (parts.length) await annotate(parts);
}

// --- The score and the identifiers of a mention

function showTip(target) {
  const marked = target instanceof Element && target.closest("#documents .text [data-details]");
  $("tip").hidden = !marked;
  if (!marked) return;
  $("tip").textContent = marked.dataset.details;
  const { left, bottom } = marked.getBoundingClientRect();
  const right = document.documentElement.clientWidth - $("tip").offsetWidth - 8;
  $("tip").style.left = `${Math.max(8, Math.min(left, right))}px`;
  $("tip").style.top = `${bottom + 8}px`;
}

// --- Start

function typeCheckbox(name, i) {
  const item = document.createElement("li");
  item.innerHTML = '<label><input type="checkbox" checked> <mark class="line" lang=""></mark></label>';
  item.querySelector("input").value = name;
  item.querySelector("mark").textContent = name;
  item.querySelector("mark").classList.add(`t${i % KINDS}`);
  return item;
}

async function start() {
  const response = await request("types");
  about = await response.json();
  knownTypes = [...about.types];
  const selector = about.selector ? ", with a selector" : "";
  $("model").textContent = `model ${about.model}${selector} · vaner ${about.vaner}`;
  $("types").replaceChildren(...about.types.map(typeCheckbox));
  $("others").hidden = !about.zero_shot;
  const formats = about.write.filter((name) => name !== "json");
  $("format").replaceChildren(...formats.map((name) => new Option(name, name)));
  $("format").value = "jsonl";
}

const send = () => annotate([{ body: JSON.stringify({ text: $("text").value }), type: "application/json" }]);

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  showErrors(send);
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) showErrors(send);
});
$("files").addEventListener("change", () => {
  showErrors(() => readFiles($("files").files)).then(() => ($("files").value = ""));
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  showErrors(() => readFiles(event.dataTransfer.files));
});

$("edit").addEventListener("submit", (event) => {
  event.preventDefault();
  showErrors(save);
});
$("words").addEventListener("input", () => {
  const place = find(documents[editing.index].text, $("words").value, $("start").valueAsNumber || 0);
  if (place) {
    [$("start").value, $("end").value] = [place.start, place.end];
    check();
  } else {
    $("words").setCustomValidity("These words are not in the text.");
  }
});
for (const id of ["start", "end"]) {
  $(id).addEventListener("input", () => ($("words").value = check()));
}
$("type").addEventListener("change", toggleTypeName);
$("remove").addEventListener("click", () => showErrors(() => remove(editing.index, editing.number)));
$("cancel").addEventListener("click", close);
$("undo").addEventListener("click", () => showErrors(undo));
$("more").addEventListener("click", () => showErrors(renderMore));
$("download").addEventListener("click", () => showErrors(download));

document.addEventListener("mouseup", () => setTimeout(editSelection)); // after the selection has changed
document.addEventListener("keyup", (event) => {
  if (event.key === "Escape" && editing) close();
  else if (event.shiftKey) editSelection();
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

addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

showErrors(start);
