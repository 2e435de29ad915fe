// The form that edits or adds a mention, next to the mention or at the bottom of a small screen.

import { accept, add, correct, countFree, countSame, identify, remove } from "./changes.js";
import { conceptItems } from "./concepts.js";
import { $, isField, run } from "./messages.js";
import { find, length, placeOf, slice, wordsOf } from "./offsets.js";
import { focusMention, linkOf, typeMark } from "./render.js";
import { isReviewed, state } from "./state.js";

let editing = null; // { index, span } of a document and a mention; span is null for a new mention
let lastType = ""; // of the mention that was added last

const isNarrow = () => matchMedia("(max-width: 40rem)").matches;

export const isOpen = () => editing !== null;

/** Open the form for a mention, or for a new one at a range. */
export function open(index, span, range, { byKeyboard = false } = {}) {
  editing = { index, span };
  const { text } = state.documents[index];
  $("editing").textContent = span ? wordsOf(state.documents[index], span) : "New mention";
  $("remove").hidden = !span;
  $("accept").hidden = !span || isReviewed(span);
  $("save").textContent = span ? "Save" : "Add";
  $("start").max = length(text) - 1;
  $("end").max = length(text);
  $("named").value = "";
  $("all").checked = false;
  $("borders").open = !isNarrow() || !(span || range);
  renderChoices();
  $("concepts").replaceChildren(...(span ? conceptItems(span, (id) => act(() => identify(index, span, id))) : []));
  $("concepts").hidden = !$("concepts").children.length;
  fill(span ?? range ?? { start: 0, end: 0 });
  $("tip").hidden = true;
  $("edit").hidden = false;
  const link = span && linkOf(index, state.documents[index].spans.indexOf(span));
  highlight(link);
  moveToMention(link, index);
  if (byKeyboard) (span ? $("choices").querySelector("[aria-pressed=true]") : $("words"))?.focus();
}

const currentType = () => editing.span?.type ?? (lastType || state.types[0] || "");

function renderChoices() {
  $("choices").replaceChildren(...state.types.map((type, i) => {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.setAttribute("aria-pressed", type === currentType());
    if (i < 9) {
      const key = document.createElement("kbd");
      key.textContent = i + 1;
      choice.append(key, " ");
    }
    choice.append(typeMark(type));
    choice.addEventListener("click", () => save(type));
    const item = document.createElement("li");
    item.append(choice);
    return item;
  }));
}

/** Put the form below the mention or the selection, above it if there is more space. */
function moveToMention(link, index) {
  const form = $("edit");
  form.style.left = form.style.top = "";
  if (isNarrow()) {
    document.body.classList.add("editing"); // makes room to scroll the mention above the form
    link?.scrollIntoView();
    return;
  }
  const selection = getSelection();
  const anchor = link?.closest("mark") ?? link
    ?? (selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null)
    ?? $("documents").children[index].querySelector(".add");
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = form;
  const hasSpace = box.bottom + height + 12 < innerHeight || box.top < height + 12;
  const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - width - 8));
  form.style.left = `${left + scrollX}px`;
  form.style.top = `${(hasSpace ? box.bottom + 6 : box.top - height - 6) + scrollY}px`;
}

function fill({ start, end }) {
  $("start").value = start;
  $("end").value = end;
  $("words").value = check();
}

const range = () => ({ start: $("start").valueAsNumber, end: $("end").valueAsNumber });

/** Check the range, offer to do the same with other mentions of the words, and return them. */
function check() {
  const { start, end } = range();
  const words = slice(state.documents[editing.index].text, start, end);
  const isValid = end > start && Boolean(words.trim());
  $("end").setCustomValidity(isValid ? "" : "This range contains no words.");
  $("words").setCustomValidity("");
  const { span, index } = editing;
  const isMoved = span && (span.start !== start || span.end !== end);
  const others = !isValid || isMoved ? 0 : span ? countSame(index, span) - 1 : countFree(index, range());
  const isAlone = span ? others < 1 : others < 2;
  $("same").hidden = isAlone;
  $("all").checked &&= !isAlone;
  $("same-count").textContent = `all ${span ? others + 1 : others} of “${words}”`;
  return words.replace(/\s+/g, " "); // a field of one line would drop line breaks
}

function highlight(link) {
  document.querySelector(".current")?.classList.remove("current");
  link?.classList.add("current");
}

export function close({ returnFocus = true } = {}) {
  const edited = editing;
  editing = null;
  $("edit").hidden = true;
  document.body.classList.remove("editing");
  highlight(null);
  if (edited && returnFocus) {
    const { spans } = state.documents[edited.index] ?? { spans: [] };
    focusMention(edited.index, spans.indexOf(edited.span));
  }
}

/** Close the form, and then do something with the mention. */
function act(action) {
  getSelection().removeAllRanges();
  close({ returnFocus: false });
  run(action);
}

/** Save the range with a type. */
function save(type) {
  if (!$("edit").reportValidity()) return;
  const { index, span } = editing;
  const [target, all] = [range(), $("all").checked];
  if (!type) {
    $("named").focus();
    return;
  }
  if (!state.types.includes(type)) state.types.push(type);
  lastType = type;
  act(() => (span ? correct(index, span, target, type, all) : add(index, target, type, all)));
}

/** The selected range in the text of a document; null if nothing is selected there. */
function selectedRange() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const selected = selection.getRangeAt(0);
  const holder = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("#documents .text");
  const text = holder(selected.commonAncestorContainer);
  if (!text) return null;
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(selected.startContainer, selected.startOffset);
  const first = before.toString().length;
  const index = Number(text.closest("article").dataset.index);
  const target = placeOf(state.documents[index].text, first, first + selected.toString().length);
  return target && { index, range: target };
}

/** Edit the selected text: as the new range of the mention that is edited, or as a new mention. */
export function editSelection() {
  const selection = selectedRange();
  if (!selection) return false;
  if (editing?.index === selection.index && editing.span) fill(selection.range);
  else open(selection.index, null, selection.range);
  return true;
}

/** Keys of the open form, when no field has the focus. */
export function handleKey(event) {
  if (event.key === "Escape") {
    close();
    return true;
  }
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1] ?? /^[1-9]$/.exec(event.key)?.[0];
  if (isField(event.target) || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (digit && state.types[digit - 1]) {
    $("all").checked ||= event.shiftKey && !$("same").hidden;
    save(state.types[digit - 1]);
  } else if (event.key === "Delete" && editing.span) $("remove").click();
  else if (event.key.toLowerCase() === "a" && !$("accept").hidden) $("accept").click();
  else if (event.key === "Enter" && !event.target.closest("button, a")) save(currentType());
  else return false;
  return true;
}

export function startEditing() {
  $("edit").addEventListener("submit", (event) => {
    event.preventDefault();
    save($("named").value.trim() || currentType());
  });
  $("words").addEventListener("input", () => {
    const target = find(state.documents[editing.index].text, $("words").value, $("start").valueAsNumber || 0);
    if (target) {
      [$("start").value, $("end").value] = [target.start, target.end];
      check();
    } else {
      $("words").setCustomValidity("These words are not in the text.");
    }
  });
  for (const id of ["start", "end"]) $(id).addEventListener("input", () => ($("words").value = check()));
  $("name").addEventListener("click", () => save($("named").value.trim()));
  const withSpan = (action) => () => {
    const { index, span } = editing;
    const all = $("all").checked;
    act(() => action(index, span, all));
  };
  $("remove").addEventListener("click", withSpan(remove));
  $("accept").addEventListener("click", withSpan(accept));
  $("cancel").addEventListener("click", () => close());
}
