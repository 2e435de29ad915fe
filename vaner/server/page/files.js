// Texts and files: opening, annotating and downloading.

import { annotate, convert, read } from "./api.js";
import { close } from "./edit.js";
import { $, Problem, button, chooser, mayReplace, run, setStatus, showProblem } from "./messages.js";
import { renderAll } from "./render.js";
import { count, replace, state, summary, visibleDocuments } from "./state.js";

const FORMATS = {
  csv: "CSV, a mention per row", tsv: "TSV, a mention per row", concepts: "table of concepts",
  jsonl: "JSON Lines", html: "HTML", pubtator: "PubTator", bioc_xml: "BioC XML",
  bioc_json: "BioC JSON", brat: "brat (zip)", conll: "CoNLL", parquet: "Parquet",
  text: "text, without mentions", lines: "text, a document per line", table: "text table",
  label_studio: "Label Studio", prodigy: "Prodigy", doccano: "doccano", webanno: "WebAnno TSV",
  pubannotation: "PubAnnotation", xmi: "UIMA XMI", pubmed: "PubMed XML", jats: "JATS full text",
  medline: "MEDLINE",
};
const WITHOUT_MENTIONS = ["concepts", "label_studio_config", "lines", "text"]; // they keep no corrections
const ENCODINGS = [
  ["windows-1252", "Windows, Western European"], ["utf-16", "UTF-16"], ["windows-1250", "Windows, Central European"],
  ["windows-1251", "Windows, Cyrillic"], ["mac-roman", "Macintosh"], ["gb18030", "Chinese, GB 18030"],
  ["big5", "Chinese, Big5"], ["shift_jis", "Japanese, Shift JIS"], ["euc-kr", "Korean, EUC-KR"],
];
const BINARY = /\.(pdf|docx?|xlsx?|parquet|zip)$/i;

export const formatOptions = (names) =>
  [...new Set([...Object.keys(FORMATS), ...names])].filter((name) => names.includes(name))
    .map((name) => [name, FORMATS[name] ?? name]);

const now = () => performance.now();
const secondsSince = (start) => `${((now() - start) / 1000).toFixed(1)} s`;

async function show(documents, source, line) {
  close({ returnFocus: false });
  replace(documents, source);
  await renderAll();
  if (matchMedia("(max-width: 64rem)").matches) {
    $("input").open = $("options").open = false; // so that the result is in view
    $("output").scrollIntoView();
  }
  setStatus(line());
}

/** Disable what starts an annotation while one is in progress. */
async function whileBusy(action) {
  const buttons = [$("go"), $("anew"), $("example")];
  buttons.forEach((element) => (element.disabled = true));
  try {
    await action();
  } finally {
    buttons.forEach((element) => (element.disabled = false));
  }
}

export async function annotateText() {
  const text = $("text").value;
  if (!text.trim()) throw new Problem("There is no text yet. Paste one, open a file, or try the example.");
  if (!(await mayReplace(save))) return;
  await annotateDocuments([{ id: "text", text }], { names: ["text"], isText: true });
}

export async function annotateAnew() {
  if (await mayReplace(save)) await annotateDocuments(state.documents, state.source);
}

async function annotateDocuments(documents, source) {
  await whileBusy(async () => {
    const start = now();
    setStatus("Annotating …");
    const annotated = await annotate(documents);
    await show(annotated, source, () => `${summary()} in ${secondsSince(start)}.`);
  });
}

/**
 * Open files with their mentions; the texts of files without mentions are annotated.
 * The documents replace those of the page, or are added to them.
 */
export async function openFiles(files, { isAddition = false, ...options } = {}) {
  if (!files.length || (!isAddition && !(await mayReplace(save)))) return;
  const documents = isAddition ? [...state.documents] : [];
  const names = isAddition ? [...state.source.names] : [];
  const failed = [];
  let mentions = 0; // that come from the files
  for (const file of files) {
    setStatus(`Opening ${file.name} …`);
    try {
      const opened = await read(file, options);
      const number = opened.reduce((sum, { spans }) => sum + spans.length, 0);
      mentions += number;
      documents.push(...(number ? opened : await annotate(opened)));
      names.push(file.name);
    } catch (error) {
      failed.push([file, error]);
    }
  }
  const isOpened = failed.length < files.length;
  if (isOpened) {
    const total = documents.reduce((sum, { spans }) => sum + spans.length, 0);
    const origin = mentions === total ? "from the file" : `${mentions.toLocaleString("en")} of them from files`;
    const hint = mentions ? `, ${origin}` : "";
    const wasUnsaved = isAddition && state.unsaved;
    await show(documents, { names, isText: false }, () => `${summary()}${hint}.`);
    state.unsaved = wasUnsaved;
  } else setStatus("");
  if (failed.length) showProblem(explain(failed, isAddition || isOpened));
}

/** The problem of files that cannot be opened, with a control that fixes it. */
function explain(failed, isAddition) {
  const [[{ name }, error]] = failed;
  const files = failed.map(([file]) => file);
  const openAgain = (options) => run(() => openFiles(files, { ...options, isAddition }));
  const more = failed.length > 1 ? ` The same for ${count(failed.length - 1, "more file")}.` : "";
  if (BINARY.test(name)) {
    const kind = name.split(".").pop().toUpperCase();
    return new Problem(`The page does not read ${kind} files. On the command line, use: vaner annotate "${name}" -o mentions.jsonl`);
  }
  if (error.parameter === "encoding") {
    return new Problem(`${name} is not text, or has another encoding than UTF-8.${more} Select it:`,
      chooser("encoding", ENCODINGS, (encoding) => openAgain({ encoding })));
  }
  if (error.isTransient) {
    return new Problem(`${name} was not opened. ${error.message}`, [button("Try again", () => openAgain({}))]);
  }
  if (error.parameter === "text_column") {
    const question = error.message.replace(/; name it with .*$/, ".").replace(/ with \?text_column=/, "");
    return new Problem(question, chooser("column", null, (column) => openAgain({ column })));
  }
  const formats = chooser("format", formatOptions(state.about.read), (format) => openAgain({ format }));
  if (error.parameter === "input_format") return new Problem(`The format of ${name} is not recognized. Select it:`, formats);
  return new Problem(error.message, error.status === 413 ? [] : formats);
}

/** Download the corrections: not in a format without mentions. */
const save = () => download(WITHOUT_MENTIONS.includes($("format").value) ? "jsonl" : $("format").value);

/** Download the visible mentions, or all of them. */
export async function download(format = $("format").value) {
  const isComplete = $("with-hidden").hidden || $("all-mentions").checked;
  const documents = isComplete ? state.documents : visibleDocuments();
  if (format === "jsonl") {
    // Without the server: corrections can be saved even if it has stopped.
    saveFile(new Blob(documents.map((document) => `${JSON.stringify(document)}\n`)), ".jsonl");
  } else {
    const { blob, suffix, lost } = await convert(documents, format);
    saveFile(blob, suffix, lost);
  }
  state.unsaved &&= !isComplete || WITHOUT_MENTIONS.includes(format);
  if (!isComplete) setStatus(`${$("status").textContent} Hidden mentions are left out.`);
}

/** The name of a download: that of the source, without its suffix. */
function nameFor(suffix) {
  const [fileName] = state.source.names;
  const stem = fileName.replace(/\.gz$/i, "").replace(/(?!^)\.[^.]*$/, "");
  return stem + suffix === fileName ? `${stem}-corrected${suffix}` : stem + suffix;
}

function saveFile(blob, suffix, lost) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = nameFor(suffix);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
  setStatus(`Downloaded ${link.download}.${lost ? ` ${lost}` : ""}`);
}
