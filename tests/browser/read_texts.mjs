// Reads texts with the JavaScript of the page, for comparison with Python. Usage:
// node read_texts.mjs PAGE < texts.json. With --annotate, mentions instead of words.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const folder = resolve(process.argv[2]);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { Annotator } = await load("annotator.js");
const { findAbbreviations } = await load("consistency.js");
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf-8"));
const [model, tables] = [read("model.json"), read("tables.json")];
const texts = JSON.parse(readFileSync(0, "utf-8"));
const annotator = new Annotator(model, tables, null);
const { tools, encoder } = annotator;

const points = (text, ...units) => units.map((unit) => Array.from(text.slice(0, unit)).length);

const results = texts.map((text) => {
  const words = tools.splitWords(text);
  const sentences = tools.splitSentences(text, words);
  const { instruction } = model.passes[0];
  return {
    normalized: tools.normalize(text).text,
    words: words.map(([start, end]) => points(text, start, end)),
    sentences,
    rows: sentences.flatMap(([first, last]) => encoder.rows(text, words.slice(first, last), instruction)),
    abbreviations: findAbbreviations(text, tools).map(({ short, long }) => points(text, ...short, ...long)),
  };
});
process.stdout.write(JSON.stringify(results));
