// Shows documents: the server renders them, with the same code as the HTML format. Filters act on
// what is on the page, without a request.

import { draw } from "./api.js";
import { wordsOf } from "./offsets.js";
import { $ } from "./messages.js";
import { count, countTypes, isReviewed, state, visible } from "./state.js";

const PAGE_SIZE = 20; // documents shown at first, and by each "Show more"

let shown = 0; // number of documents on the page
let nextNumber = 1; // for ids, which are unique on the page

export const numberOf = (link) => Number(link.hash.match(/m(\d+)$/)[1]) - 1;

/** The articles of documents, whose mentions are put in the order of the links. */
async function render(indices) {
  const some = indices.map((index) => state.documents[index]);
  for (const { type } of some.flatMap((document) => document.spans)) {
    if (!state.types.includes(type)) state.types.push(type);
  }
  const { html, order, looks } = await draw(some, state.types, nextNumber);
  nextNumber += some.length;
  Object.assign(state.looks, looks);
  state.documents = [...state.documents];
  return indices.map((index, i) => {
    state.documents[index] = { ...some[i], spans: order[i].map((number) => some[i].spans[number]) };
    const holder = document.createElement("template");
    holder.innerHTML = html[i]; // escaped by the server; scripts in a template never run
    return prepare(holder.content.firstElementChild, index);
  });
}

export async function renderAll() {
  $("documents").replaceChildren();
  shown = 0;
  $("results").hidden = $("downloads").hidden = !state.documents.length;
  document.body.classList.toggle("empty", !state.documents.length);
  await renderMore();
}

export async function renderMore() {
  const last = Math.min(shown + PAGE_SIZE, state.documents.length);
  const indices = Array.from({ length: last - shown }, (_, i) => shown + i);
  if (indices.length) $("documents").append(...(await render(indices)));
  shown = last;
  $("more").hidden = shown >= state.documents.length;
  refresh();
}

/** Render the documents that differ from earlier ones. */
export async function renderChanges(previous) {
  if (previous.length !== state.documents.length) return renderAll();
  const changed = state.documents.flatMap((document, i) => (document === previous[i] || i >= shown ? [] : [i]));
  if (changed.length) {
    const articles = await render(changed);
    changed.forEach((index, i) => $("documents").children[index].replaceWith(articles[i]));
  }
  refresh();
}

/** Prepare an article for editing. Its titles are shown without delay by tip.js. */
function prepare(article, index) {
  article.dataset.index = index;
  const { spans } = state.documents[index];
  for (const marked of article.querySelectorAll(".text [title]")) marked.removeAttribute("title");
  for (const marked of article.querySelectorAll(".text mark")) {
    marked.style.setProperty("--score", spans[marked.dataset.m - 1].score ?? 1);
  }
  for (const link of article.querySelectorAll(".text a")) {
    const span = spans[numberOf(link)];
    const words = wordsOf(state.documents[index], span);
    link.setAttribute("role", "button");
    link.setAttribute("aria-label", `${words}: ${link.getAttribute("aria-label")}. Edit`);
    if (!isReviewed(span)) link.dataset.score = span.score.toFixed(2);
  }
  const add = document.createElement("button");
  add.type = "button";
  add.className = "add";
  add.textContent = "Add a mention";
  article.append(add);
  return article;
}

/** Update what depends on the filters: visible mentions, counts and buttons. */
export function refresh() {
  for (const article of $("documents").children) applyFilter(article);
  const total = state.documents.reduce((sum, { spans }) => sum + spans.length, 0);
  const seen = state.documents.map(visible);
  const visibleCount = seen.reduce((sum, spans) => sum + spans.size, 0);
  const unreviewed = seen.reduce((sum, spans) => sum + [...spans].filter((s) => !isReviewed(s)).length, 0);
  $("with-hidden").hidden = visibleCount === total;
  $("hidden-count").textContent = `with ${total - visibleCount} hidden`;
  $("accept-all").textContent = unreviewed ? `Accept all ${unreviewed}` : "All accepted";
  $("accept-all").disabled = !unreviewed;
  $("undo").disabled = !state.history.length;
  renderSource();
  $("context-key").hidden = !$("documents").querySelector("[data-context]:not(.off)");
  renderTypes();
}

function applyFilter(article) {
  const { spans } = state.documents[article.dataset.index];
  const shownSpans = visible(state.documents[article.dataset.index]);
  const isOff = (number) => !shownSpans.has(spans[number]);
  for (const marked of article.querySelectorAll("[data-m]")) {
    marked.classList.toggle("off", isOff(marked.dataset.m - 1));
  }
  for (const link of article.querySelectorAll(".text a")) link.hidden = isOff(numberOf(link));
  article.querySelectorAll("tbody tr").forEach((row, number) => (row.hidden = isOff(number)));
  const title = article.querySelector("summary");
  if (title) title.textContent = `${shownSpans.size} mention${shownSpans.size === 1 ? "" : "s"} as a table`;
}

function renderSource() {
  const { names, isText } = state.source ?? { names: [], isText: true };
  const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
  $("source-name").textContent = `${names[0]}${more}: ${count(state.documents.length, "document")}.`;
  $("source").hidden = isText;
  document.body.classList.toggle("from-text", isText);
}

/** The types with their counts, as buttons that hide and show them. */
function renderTypes() {
  const counts = countTypes();
  const types = state.types.filter((type) => counts.has(type) || state.hidden.has(type));
  const focused = document.activeElement?.closest("#types button")?.dataset.type;
  $("types").replaceChildren(...types.map((type) => {
    const item = document.createElement("li");
    const toggle = document.createElement("button");
    toggle.type = "button";
    toggle.dataset.type = type;
    toggle.setAttribute("aria-pressed", !state.hidden.has(type));
    toggle.append(typeMark(type), ` ${(counts.get(type) ?? 0).toLocaleString("en")}`);
    item.append(toggle);
    return item;
  }));
  $("types").querySelector(`button[data-type="${CSS.escape(focused ?? "")}"]`)?.focus();
}

/** The name of a type, in its look. */
export function typeMark(type) {
  const mark = document.createElement("mark");
  mark.className = `line t${state.looks[type] ?? 0}`;
  mark.lang = "";
  mark.textContent = type;
  return mark;
}

export function linkOf(index, number) {
  const links = $("documents").children[index]?.querySelectorAll(".text a") ?? [];
  return [...links].find((link) => numberOf(link) === number);
}

export function focusMention(index, number) {
  (linkOf(index, number) ?? $("documents").children[index]?.querySelector(".add"))?.focus();
}

/** Move to the next mention, or back. */
export function moveFocus(link, step) {
  const links = [...$("documents").querySelectorAll(".text a:not([hidden])")];
  const next = links[links.indexOf(link) + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
