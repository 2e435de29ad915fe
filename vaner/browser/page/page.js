// The page: reads text and files, and shows what the worker finds.

import { annotate, loadModel } from "./client.js";
import { renderDocument, renderTypes } from "./render.js";

const $ = (id) => document.getElementById(id);

let documents = []; // { name, text, spans } with all mentions
let looks = new Map(); // type -> number of a class of page.css
const hidden = new Set(); // types that are not shown

/** Run an action, and show its error if it fails. */
async function showErrors(action) {
  $("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    $("problem").textContent = error.message;
    $("problem").hidden = false;
    $("status").textContent = "";
    $("progress").hidden = true;
  }
}

function report(done, total) {
  return (share) => {
    $("progress").hidden = false;
    $("progress").value = (done + share) / total;
  };
}

async function run(inputs) {
  const start = performance.now();
  $("go").disabled = true;
  $("status").textContent = "Reading …";
  try {
    const read = [];
    for (const { name, text } of inputs) {
      read.push({ name, text, spans: await annotate(text, { types: [...looks.keys()] }, report(read.length, inputs.length)) });
    }
    documents = read;
    show();
    const mentions = documents.reduce((sum, { spans }) => sum + spans.length, 0);
    $("status").textContent = `${mentions} ${mentions === 1 ? "mention" : "mentions"} in ${((performance.now() - start) / 1000).toFixed(1)} s`;
  } finally {
    $("go").disabled = false;
    $("progress").hidden = true;
  }
}

/** The documents with the mentions that are shown. */
function visible() {
  const minimum = $("score").valueAsNumber;
  return documents.map((item) => ({
    ...item,
    spans: item.spans.filter(({ type, score }) => !hidden.has(type) && score >= minimum),
  }));
}

function show() {
  const counts = new Map();
  const minimum = $("score").valueAsNumber;
  for (const { spans } of documents) {
    for (const { type, score } of spans) if (score >= minimum) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const focused = document.activeElement?.value;
  $("types").replaceChildren(...renderTypes(looks, counts, hidden, (type, isShown) => {
    if (isShown) hidden.delete(type);
    else hidden.add(type);
    show();
  }));
  [...$("types").querySelectorAll("input")].find((box) => box.value === focused)?.focus();
  $("shown").textContent = minimum.toFixed(2);
  $("documents").replaceChildren(...visible().map((item) => renderDocument(item, looks)));
  $("results").hidden = false;
}

// --- Downloads

function download(name, lines) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines.map((line) => `${line}\n`), { type: "text/plain" }));
  link.download = documents.length === 1 ? `${documents[0].name.replace(/\.txt$/, "")}.${name}` : `mentions.${name}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

const plain = (value) => String(value).replace(/[\t\r\n]+/g, " ");

$("tsv").addEventListener("click", () => {
  const rows = visible().flatMap(({ name, spans }) => spans.map(({ start, end, type, text, score }) => [name, start, end, type, text, score.toFixed(4)]));
  download("tsv", [["document", "start", "end", "type", "text", "score"], ...rows].map((row) => row.map(plain).join("\t")));
});

$("jsonl").addEventListener("click", () => {
  download("jsonl", visible().map(({ name, text, spans }) => JSON.stringify({ id: name, text, spans })));
});

// --- Input

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (text.trim()) showErrors(() => run([{ name: "text", text }]));
});

$("files").addEventListener("change", () => showErrors(async () => {
  const files = [...$("files").files];
  const inputs = await Promise.all(files.map(async (file) => ({ name: file.name, text: await decode(file) })));
  $("files").value = "";
  if (inputs.length) await run(inputs);
}));

async function decode(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} is not a text file in UTF-8. Save it as UTF-8 and open it again.`);
  }
}

$("score").addEventListener("input", show);

showErrors(async () => {
  const start = performance.now();
  const model = await loadModel((share) => {
    $("progress").value = share;
    $("status").textContent = `Loading the model: ${Math.round(100 * share)}%`;
  });
  looks = new Map(Object.entries(model.looks));
  $("status").textContent = `Ready after ${((performance.now() - start) / 1000).toFixed(1)} s`;
  $("model").textContent = `Model ${model.name}, vaner ${model.version}, int8 weights`;
  $("go").disabled = false;
  $("progress").hidden = true;
});
