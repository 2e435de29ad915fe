// Text in, mentions out: words, sentences, rows, emissions, mentions, as in vaner/annotator.py.

import { balanceBrackets, trimSymbols } from "./brackets.js";
import { makeConsistent, sortSpans } from "./consistency.js";
import { Decoder } from "./decoder.js";
import { Encoder } from "./encoder.js";
import { createTextTools } from "./text.js";
import { joinProteinVariants } from "./variants.js";

export class Annotator {
  /**
   * @param model the content of model.json
   * @param tables the content of tables.json
   * @param run computes the emissions of a row: { input_ids, … } -> Promise of an array of numbers
   */
  constructor(model, tables, run) {
    this.model = model;
    this.run = run;
    this.clip = tables.clip;
    this.brackets = tables.brackets;
    this.tools = createTextTools(tables);
    this.encoder = new Encoder(model, this.tools, tables);
    this.decoder = new Decoder(model);
    this.last = { text: null };
  }

  /**
   * The mentions of a text, sorted: { start, end, type, score, text }. Offsets are code points.
   *
   * @param text any text
   * @param options types: entity types to find; minScore, by default that of each type with the best
   *   F1 on the dev set; consistent: false does not unify equal names
   * @param report called with the share of the text that was read
   */
  async annotate(text, { types = this.model.types, minScore, consistent = true } = {}, report = () => {}) {
    if (this.last.text !== text) this.last = { text, sentences: await this.read(text, report) };
    let spans = [];
    for (const { words, found, mentions } of this.last.sentences) {
      for (const { start, end, type, score } of mentions) {
        const name = type || found[0];
        const balanced = balanceBrackets(text, words, start, end, this.brackets);
        const [first, last] = trimSymbols(text, words, ...balanced, this.tools);
        if (!types.includes(name) || first === last) continue;
        spans.push({ start: words[first][0], end: words[last - 1][1], type: name, score });
      }
    }
    spans = joinProteinVariants(text, sortSpans(spans), this.tools.variants);
    for (const span of spans) span.score = this.calibrate(span.type, span.score);
    const minScores = minScore == null ? this.model.min_scores : {};
    if (consistent) spans = makeConsistent(text, spans, this.tools, minScores);
    else spans = spans.filter(({ type, score }) => score >= (minScores[type] ?? 0));
    return toPoints(text, spans.filter(({ score }) => score >= (minScore ?? 0)));
  }

  /** The sentences of a text under each instruction, with all their mentions. */
  async read(text, report) {
    const words = this.tools.splitWords(text);
    const sentences = [];
    for (const [first, last] of this.tools.splitSentences(text, words)) {
      for (const { instruction, types } of this.model.passes) {
        const some = words.slice(first, last);
        const emissions = [];
        for (const row of this.encoder.rows(text, some, instruction)) {
          const { start, keepStart, keepEnd } = row.window;
          const scores = await this.run(row);
          const count = this.decoder.count;
          for (let i = keepStart - start; i < keepEnd - start; i++) emissions.push(Array.from(scores.slice(i * count, (i + 1) * count)));
        }
        sentences.push({ words: some, found: types, mentions: this.decoder.decode(emissions) });
      }
      report(last / words.length);
    }
    return sentences;
  }

  /** A score at the temperature of its type, as in vaner/calibration/temperature.py. */
  calibrate(type, score) {
    const temperature = this.model.temperatures?.[type] ?? this.model.temperature;
    if (temperature === 1) return score;
    const p = Math.min(Math.max(score, this.clip), 1 - this.clip);
    return 0.5 * (1 + Math.tanh((Math.log(p) - Math.log1p(-p)) / temperature / 2));
  }
}

/** Mentions with their text, in code points instead of UTF-16 units. */
function toPoints(text, spans) {
  const points = new Map([[0, 0]]);
  let count = 0;
  let unit = 0;
  for (const character of text) {
    points.set((unit += character.length), ++count);
  }
  return spans.map((span) => ({ ...span, start: points.get(span.start), end: points.get(span.end), text: text.slice(span.start, span.end) }));
}
