// Computes with the JavaScript of the page what Python computes too, for comparison. Usage:
// node read_texts.mjs PAGE < input.json > output.json. Offsets in both are code points.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { Annotator } = await load("annotator.js");
const { findAbbreviations } = await load("abbreviations.js");
const { makeConsistent } = await load("consistency.js");
const { balanceBrackets, trimSymbols } = await load("brackets.js");
const { joinProteinVariants } = await load("variants.js");
const { Decoder } = await load("decoder.js");
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf-8"));
const [model, tables] = [read("model.json"), read("tables.json")];
const {
  texts = [], documents = [], decoders = [], scores = [], mentions = [], predictions = [], variants = [],
} = JSON.parse(readFileSync(0, "utf-8"));
const annotator = new Annotator(model, tables, null);
const { tools, encoder } = annotator;

const toPoints = (text, ...units) => units.map((unit) => Array.from(text.slice(0, unit)).length);
const toUnit = (text, point) => Array.from(text).slice(0, point).join("").length;

function readText(text) {
  const words = tools.splitWords(text);
  const sentences = tools.splitSentences(text, words);
  const { instruction } = model.passes[0];
  const rows = sentences.flatMap(([first, last]) => encoder.rows(text, words.slice(first, last), instruction));
  return {
    normalized: tools.normalize(text).text,
    words: words.map(([start, end]) => toPoints(text, start, end)),
    sentences,
    rows: rows.map(({ input_ids, word_starts, word_ends, casing, window: { start, end, keepStart, keepEnd } }) =>
      [input_ids, word_starts, word_ends, casing, [start, end, keepStart, keepEnd]]),
    abbreviations: findAbbreviations(text, tools).map(({ short, long }) => toPoints(text, ...short, ...long)),
  };
}

function smooth({ text, spans, min_scores }) {
  const found = spans.map(([start, end, type, score]) => ({ start: toUnit(text, start), end: toUnit(text, end), type, score }));
  return makeConsistent(text, found, tools, min_scores).map(({ start, end, type, score }) => [...toPoints(text, start, end), type, score]);
}

/** The mentions of a text that are left when the model has found each of its words with a score. */
async function filter([text, types, scores, options]) {
  const words = tools.splitWords(text);
  const found = scores.map((score, i) => ({ start: i, end: i + 1, type: types[i], score }));
  annotator.last = { text, sentences: [{ words, found: [], mentions: found }] };
  return (await annotator.annotate(text, options)).map(({ start, end, type, score }) => [start, end, type, score]);
}

process.stdout.write(JSON.stringify({
  texts: texts.map(readText),
  documents: documents.map(smooth),
  decoders: decoders.map(({ emissions, ...scheme }) =>
    new Decoder(scheme).decode(emissions).map(({ start, end, type, score }) => [start, end, type, score])),
  variants: variants.map(([text, spans]) => {
    const found = spans.map(([start, end, type, score]) => ({ start: toUnit(text, start), end: toUnit(text, end), type, score }));
    return joinProteinVariants(text, found, tools.variants).map(({ start, end, type, score }) => [...toPoints(text, start, end), type, score]);
  }),
  trimmed: mentions.map(([text, first, last]) => trimSymbols(text, tools.splitWords(text), first, last, tools)),
  mentions: mentions.map(([text, first, last]) => balanceBrackets(text, tools.splitWords(text), first, last, tables.brackets)),
  predictions: await Promise.all(predictions.map(filter)),
  scores: scores.map(([type, score]) => annotator.calibrate(type, score)),
}));
