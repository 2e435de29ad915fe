// Corrections of mentions, also of all mentions with the same words at once.

import { $, setStatus } from "./messages.js";
import { isSame, occurrences, wordsOf } from "./offsets.js";
import { focusMention, renderAll, renderChanges } from "./render.js";
import { isReviewed, replace, state, summary, undo as revert, visible } from "./state.js";

/** Replace the mentions of each document by those that a function returns. */
async function change(line, update) {
  const previous = state.documents;
  const documents = previous.map((document, index) => {
    const spans = update(document, index);
    return spans === document.spans ? document : { ...document, spans };
  });
  if (documents.every((document, i) => document === previous[i])) return;
  replace(documents);
  await renderChanges(previous);
  setStatus(`${line} ${summary()}.`);
}

/** Whether a mention is still there: an earlier action may have changed it. */
const exists = (index, span) => state.documents[index]?.spans.includes(span);

/** A predicate for a mention alone, or for all mentions of its type with the same words. */
function selector(index, span, all) {
  if (!all) return (_, other) => other === span;
  const words = wordsOf(state.documents[index], span);
  return (document, other) => other === span
    || (other.type === span.type && !other.fragments && isSame(words, wordsOf(document, other)));
}

/** A map over mentions that returns the same list if it changes nothing. */
function update(spans, apply) {
  const changed = spans.flatMap(apply);
  return changed.length === spans.length && changed.every((span, i) => span === spans[i]) ? spans : changed;
}

/** The number of mentions of its type with the same words. */
export function countSame(index, span) {
  const isSelected = selector(index, span, true);
  return state.documents.reduce(
    (sum, document) => sum + document.spans.filter((other) => isSelected(document, other)).length, 0);
}

/** Ranges with the same words that overlap no mention. */
function freeRanges(document, words) {
  return occurrences(document.text, words).filter(({ start, end }) =>
    !document.spans.some((other) => other.start < end && start < other.end));
}

export function countFree(index, range) {
  const words = wordsOf(state.documents[index], range);
  return state.documents.reduce((sum, document) => sum + freeRanges(document, words).length, 0);
}

const isEqual = (one, other) => one.start === other.start && one.end === other.end
  && one.type === other.type && !one.fragments && !other.fragments;

const without = (spans, added) => spans.filter((other) => !added.some((span) => isEqual(span, other)));

const complete = (document, span) => ({ ...span, text: wordsOf(document, span) });

/** Add a mention, and with `all` also at all other places with the same words. */
export async function add(index, range, type, all) {
  const words = wordsOf(state.documents[index], range);
  await change("Added.", (document, i) => {
    const ranges = all ? freeRanges(document, words) : [];
    const isIncluded = ranges.some(({ start }) => i === index && start === range.start);
    if (i === index && !isIncluded) ranges.push(range);
    const added = ranges.map(({ start, end }) => complete(document, { start, end, type }));
    return added.length ? [...without(document.spans, added), ...added] : document.spans;
  });
  focus(index, { ...range, type });
}

/** Change the type or the range of a mention; with `all`, the type of all with the same words. */
export async function correct(index, span, range, type, all) {
  if (!exists(index, span)) return;
  const isMoved = range.start !== span.start || range.end !== span.end;
  if (!isMoved && type === span.type) return focus(index, span);
  const isSelected = selector(index, span, all && !isMoved);
  await change("Corrected.", (document) => {
    // The score and the identifiers belong to the previous range and type: they are removed.
    const changed = document.spans.filter((other) => isSelected(document, other)).map((other) => {
      const { start, end } = other === span ? range : other;
      const stays = isMoved ? [] : ["fragments", "context"].filter((name) => other[name]);
      const rest = Object.fromEntries(stays.map((name) => [name, other[name]]));
      return complete(document, { start, end, type, ...rest });
    });
    if (!changed.length) return document.spans;
    const others = document.spans.filter((other) => !isSelected(document, other));
    return [...without(others, changed), ...changed];
  });
  focus(index, { ...range, type });
}

function focus(index, { start, end, type }) {
  const { spans } = state.documents[index];
  focusMention(index, spans.findIndex((s) => s.start === start && s.end === end && s.type === type));
}

export async function remove(index, span, all) {
  if (!exists(index, span)) return;
  const number = state.documents[index].spans.indexOf(span);
  const isSelected = selector(index, span, all);
  await change("Deleted.", (document) =>
    update(document.spans, (other) => (isSelected(document, other) ? [] : [other])));
  focusMention(index, Math.min(number, state.documents[index].spans.length - 1));
}

function accepted(span) {
  const { score, ...rest } = span;
  return rest;
}

/** Accept a mention: it has no score any more, so no minimum score hides it. */
export async function accept(index, span, all) {
  if (!exists(index, span)) return;
  const isSelected = selector(index, span, all);
  await change("Accepted.", (document) => update(document.spans, (other) =>
    [isSelected(document, other) && !isReviewed(other) ? accepted(other) : other]));
  focus(index, span);
}

export async function acceptAll() {
  await change("Accepted.", (document) => {
    const shown = visible(document);
    return update(document.spans, (span) => [shown.has(span) && !isReviewed(span) ? accepted(span) : span]);
  });
}

/** Give a mention a single identifier, of a candidate. */
export async function identify(index, span, identifier) {
  if (!exists(index, span)) return;
  await change("Identified.", (document) => update(document.spans, (other) =>
    [other === span ? { ...other, identifiers: [identifier] } : other]));
  focus(index, span);
}

export async function undo() {
  if (!state.history.length) return;
  const previous = state.documents;
  revert();
  if (previous.length === state.documents.length) await renderChanges(previous);
  else await renderAll();
  setStatus(`Undone. ${summary()}.`);
}
