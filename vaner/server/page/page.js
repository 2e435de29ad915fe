// The page: sends texts, shows what was found, and keeps what is corrected. The drawing of a document
// comes from the server, so that there is one; its mentions come in the order of their links.

import { find, length, placeOf, slice } from "./offsets.js";

const KINDS = 24; // looks of types, as in vaner/interfaces/html/style.py
const AT_ONCE = 20; // documents drawn before more are asked for

const $ = (id) => document.getElementById(id);

let about = { types: [], write: [] };
let documents = []; // as in JSON Lines; replaced, never changed, so that the past stays as it was
let past = []; // what documents was before each change
let known = []; // types in the order of their colours
let shown = 0; // documents that are drawn
let unsaved = false; // whether something was corrected and not downloaded
let editing = null; // { index, number }: a mention, or a new one where number is null

// --- Talking to the server

async function post(path, body, type) {
  const answer = await fetch(path, { method: "POST", body, headers: { "Content-Type": type } });
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer;
}

const asJson = (found) => JSON.stringify({ documents: found });

/** Do something, and tell what went wrong. */
async function trying(doing) {
  $("problem").hidden = true;
  try {
    await doing();
  } catch (problem) {
    $("problem").textContent = problem instanceof TypeError ? "The server is not there." : problem.message;
    $("problem").hidden = false;
    $("status").textContent = "";
  }
}

function wanted() {
  const boxes = [...$("types").querySelectorAll("input:checked")].map((box) => box.value);
  const others = $("other").value.split(",").map((name) => name.trim()).filter(Boolean);
  const types = [...boxes, ...others];
  if (!types.length) throw new Error("Choose a type to find.");
  const found = new URLSearchParams({ format: "json", overlaps: $("overlaps").value });
  found.set("min_score", $("score").value || 0);
  if (others.length || boxes.length < about.types.length) {
    types.forEach((name) => found.append("types", name));
  }
  return found;
}

async function annotate(parts) {
  if ($("go").disabled) return; // still at the last one
  const start = performance.now();
  $("go").disabled = true;
  $("status").textContent = "Reading …";
  try {
    const found = [];
    for (const { body, type, name } of parts) {
      const query = wanted();
      if (name) query.set("name", name);
      const answer = await (await post(`annotate?${query}`, body, type)).json();
      found.push(...answer.documents);
    }
    if (documents.length) past.push(documents);
    documents = found;
    await drawAll();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    $("status").textContent = `${told()} in ${seconds} s`;
  } finally {
    $("go").disabled = false;
  }
}

function told() {
  const mentions = documents.reduce((sum, one) => sum + one.spans.length, 0);
  const many = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  return `${many(documents.length, "document")}, ${many(mentions, "mention")}`;
}

// --- Drawing

/** Articles of some documents, and these with their mentions in the order of the links. */
async function drawn(some, first) {
  some.forEach((one) => one.spans.forEach((span) => known.includes(span.type) || known.push(span.type)));
  const query = new URLSearchParams({ first });
  known.forEach((name) => query.append("type", name));
  const answer = await (await post(`draw?${query}`, asJson(some), "application/json")).json();
  return answer.drawn.map((html, i) => {
    const holder = document.createElement("template");
    holder.innerHTML = html; // escaped by the server, and scripts in it would not run anyway
    return { article: holder.content.firstElementChild, found: answer.found.documents[i] };
  });
}

async function drawAll() {
  close();
  $("documents").replaceChildren();
  shown = 0;
  $("results").hidden = false;
  await drawMore();
}

async function drawMore() {
  const some = documents.slice(shown, shown + AT_ONCE);
  if (some.length) {
    const drawings = await drawn(some, shown + 1);
    documents = documents.toSpliced(shown, some.length, ...drawings.map((one) => one.found));
    drawings.forEach(({ article }) => $("documents").append(dressed(article, shown++)));
  }
  $("more").hidden = shown >= documents.length;
  $("undo").disabled = !past.length;
}

async function redraw(index) {
  const [{ article, found }] = await drawn([documents[index]], index + 1);
  documents = documents.with(index, found);
  $("documents").children[index].replaceWith(dressed(article, index));
  $("undo").disabled = !past.length;
}

/** An article whose links are buttons that correct mentions. */
function dressed(article, index) {
  for (const marked of article.querySelectorAll(".text [title]")) {
    marked.dataset.told = marked.title;
    marked.removeAttribute("title"); // shown by us, at once and for the keyboard too
  }
  for (const link of article.querySelectorAll(".text a")) {
    const number = numberOf(link);
    const span = documents[index].spans[number];
    link.setAttribute("role", "button");
    link.setAttribute("aria-label", `${span.text}: ${link.dataset.told}. Correct`);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open(index, number);
    });
    link.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        open(index, number);
      } else if (event.key === "Delete") {
        trying(() => remove(index, number));
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

// --- Correcting

function open(index, number, place) {
  const span = number === null ? null : documents[index].spans[number];
  editing = { index, number };
  $("editing").textContent = span ? "Correct a mention" : "Add a mention";
  $("remove").hidden = !span;
  $("start").max = length(documents[index].text) - 1;
  $("end").max = length(documents[index].text);
  const usual = known.includes($("type").value) ? $("type").value : known[0];
  $("type").replaceChildren(...known.map((name) => new Option(name)), new Option("another …", ""));
  $("type").value = (span ? span.type : usual) ?? "";
  naming();
  fill(span ?? place ?? { start: 0, end: 0 });
  $("edit").hidden = false;
  mark(linkOf(index, number));
  if (!place) $(span ? "type" : "words").focus();
}

function fill({ start, end }) {
  $("start").value = start;
  $("end").value = end;
  $("words").value = slice(documents[editing.index].text, start, end);
  check();
}

/** A type that is not known is named. */
function naming() {
  $("naming").hidden = $("named").disabled = $("type").value !== "";
  $("named").required = !$("named").disabled;
}

function check() {
  const [start, end] = [$("start").valueAsNumber, $("end").valueAsNumber];
  const words = slice(documents[editing.index].text, start, end);
  $("end").setCustomValidity(end > start && words.trim() ? "" : "There are no words in between.");
  $("words").setCustomValidity("");
  return words;
}

/** Show which mention is being corrected, above the form for it. */
function mark(link) {
  document.querySelector(".current")?.classList.remove("current");
  link?.classList.add("current");
  link?.scrollIntoView({ block: "nearest" });
}

function leave() {
  editing = null;
  $("edit").hidden = true;
  mark(null);
}

function close() {
  const from = editing;
  leave();
  if (from) focusMention(from.index, from.number);
}

function linkOf(index, number) {
  const links = $("documents").children[index]?.querySelectorAll(".text a") ?? [];
  return [...links].find((link) => numberOf(link) === number);
}

function focusMention(index, number) {
  (linkOf(index, number) ?? $("documents").children[index]?.querySelector(".add"))?.focus();
}

async function change(index, spans, line) {
  past.push(documents);
  documents = documents.with(index, { ...documents[index], spans });
  unsaved = true;
  await redraw(index);
  $("status").textContent = `${line} ${told()}`;
}

async function save() {
  const { index, number } = editing;
  const [start, end] = [$("start").valueAsNumber, $("end").valueAsNumber];
  const type = $("type").value || $("named").value.trim();
  const before = number === null ? null : documents[index].spans[number];
  const moved = !before || before.start !== start || before.end !== end;
  const same = !moved && before.type === type;
  if (!same) {
    // Nobody computed a score for what a reader says, and a name found at other borders or of
    // another type is not known to be that of the concept.
    const span = { start, end, type };
    if (!moved && before.fragments) span.fragments = before.fragments;
    const others = documents[index].spans.filter((_, i) => i !== number);
    const twin = others.some((one) => one.start === start && one.end === end && one.type === type
      && !one.fragments && !span.fragments);
    await change(index, twin ? others : [...others, span], before ? "Corrected." : "Added.");
  }
  leave();
  const now = documents[index].spans;
  focusMention(index, now.findIndex((one) => one.start === start && one.end === end && one.type === type));
}

async function remove(index, number) {
  leave();
  await change(index, documents[index].spans.filter((_, i) => i !== number), "Removed.");
  focusMention(index, Math.min(number, documents[index].spans.length - 1));
}

async function undo() {
  const before = past.pop();
  const changed = before.length === documents.length
    ? before.flatMap((one, i) => (one === documents[i] ? [] : [i]))
    : null;
  documents = before;
  if (changed?.length === 1 && changed[0] < shown) {
    close();
    await redraw(changed[0]);
  } else {
    await drawAll();
  }
  $("status").textContent = `Undone. ${told()}`;
}

/** What is selected in the text of a document, as a place in it. */
function selected() {
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

function offer() {
  const found = selected();
  if (!found) return;
  const moving = editing?.index === found.index && editing.number !== null;
  if (moving) fill(found.place); // new borders for the mention that is being corrected
  else open(found.index, null, found.place);
}

// --- Files out and in

async function download() {
  if ($("format").value === "jsonl") {
    // As the documents are here: what was corrected is not lost with the server.
    keep(new Blob(documents.map((one) => `${JSON.stringify(one)}\n`)), "vaner.jsonl");
    return;
  }
  const answer = await post(`convert?format=${$("format").value}`, asJson(documents), "application/json");
  const name = answer.headers.get("Content-Disposition").match(/filename="(.*)"/)[1];
  keep(await answer.blob(), name, answer.headers.get("X-Vaner-Lost"));
}

function keep(blob, name, lost) {
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

// --- What score and identifiers a mention has, beside it

function tip(target) {
  const marked = target instanceof Element && target.closest("#documents .text [data-told]");
  $("tip").hidden = !marked;
  if (!marked) return;
  $("tip").textContent = marked.dataset.told;
  const { left, bottom } = marked.getBoundingClientRect();
  const right = document.documentElement.clientWidth - $("tip").offsetWidth - 8;
  $("tip").style.left = `${Math.max(8, Math.min(left, right))}px`;
  $("tip").style.top = `${bottom + 8}px`;
}

// --- The beginning

function chip(name, i) {
  const item = document.createElement("li");
  item.innerHTML = '<label><input type="checkbox" checked> <mark class="line" lang=""></mark></label>';
  item.querySelector("input").value = name;
  item.querySelector("mark").textContent = name;
  item.querySelector("mark").classList.add(`t${i % KINDS}`);
  return item;
}

async function begin() {
  const answer = await fetch("types");
  about = await answer.json();
  known = [...about.types];
  const behind = about.selector ? ", with a selector" : "";
  $("model").textContent = `model ${about.model}${behind} · vaner ${about.vaner}`;
  $("types").replaceChildren(...about.types.map(chip));
  $("others").hidden = !about.zero_shot;
  const formats = about.write.filter((name) => name !== "json");
  $("format").replaceChildren(...formats.map((name) => new Option(name, name)));
  $("format").value = "jsonl";
}

const send = () => annotate([{ body: JSON.stringify({ text: $("text").value }), type: "application/json" }]);

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  trying(send);
});
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) trying(send);
});
$("files").addEventListener("change", () => {
  trying(() => readFiles($("files").files)).then(() => ($("files").value = ""));
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  trying(() => readFiles(event.dataTransfer.files));
});

$("edit").addEventListener("submit", (event) => {
  event.preventDefault();
  trying(save);
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
$("type").addEventListener("change", naming);
$("remove").addEventListener("click", () => trying(() => remove(editing.index, editing.number)));
$("cancel").addEventListener("click", close);
$("undo").addEventListener("click", () => trying(undo));
$("more").addEventListener("click", () => trying(drawMore));
$("download").addEventListener("click", () => trying(download));

document.addEventListener("mouseup", () => setTimeout(offer)); // after the selection has changed
document.addEventListener("keyup", (event) => {
  if (event.key === "Escape" && editing) close();
  else if (event.shiftKey) offer();
});
if (matchMedia("(pointer: coarse)").matches) {
  let rest; // a finger moves the ends of a selection without being lifted from the page
  document.addEventListener("selectionchange", () => {
    clearTimeout(rest);
    rest = setTimeout(offer, 600);
  });
}
document.addEventListener("mouseover", (event) => tip(event.target));
document.addEventListener("focusin", (event) => tip(event.target));
addEventListener("scroll", () => ($("tip").hidden = true), { passive: true });

addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

trying(begin);
