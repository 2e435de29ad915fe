// The documents of the page, their history, and which of their mentions are visible.

export const state = {
  about: { types: [], write: [], read: [], limits: {} }, // what the server says about itself
  documents: [], // as in JSON Lines; replaced, never modified, so that the history stays valid
  source: null, // { names, isText }: the files of the documents, or the text box
  history: [], // the state before each change
  unsaved: false, // whether there are corrections that were not downloaded
  types: [], // entity types in the order of their keys
  looks: {}, // entity type -> number of its look, from the server
  hidden: new Set(), // entity types
  minScore: 0,
  onlyBest: false, // of overlapping mentions
};

/** Replace the documents. Without a source, it is a correction. */
export function replace(documents, source = null) {
  const { documents: previous, source: previousSource, unsaved } = state;
  if (previous.length) state.history.push({ documents: previous, source: previousSource, unsaved });
  state.documents = documents;
  state.unsaved = source === null;
  state.source = source ?? previousSource;
}

export function undo() {
  Object.assign(state, state.history.pop());
}

export const isReviewed = (span) => span.score === undefined || span.score === null;

const passes = (span) => isReviewed(span) || span.score >= state.minScore;

/** The visible mentions of a document. */
export function visible(document) {
  const shown = document.spans.filter((span) => passes(span) && !state.hidden.has(span.type));
  return new Set(state.onlyBest ? selectBest(shown) : shown);
}

/** The number of mentions of each type that the minimum score leaves. */
export function countTypes() {
  const counts = new Map();
  for (const document of state.documents) {
    for (const { type } of document.spans.filter(passes)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

/** Mentions without overlaps: those that a person added or accepted, then the most probable. */
function selectBest(spans) {
  const rank = (span) => (isReviewed(span) ? 2 : span.score);
  const ordered = [...spans].sort((a, b) => rank(b) - rank(a)
    || b.end - b.start - (a.end - a.start) || a.start - b.start || (a.type < b.type ? -1 : 1));
  const selected = []; // in the order of the text
  for (const span of ordered) {
    let [low, high] = [0, selected.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (selected[middle].start < span.start) low = middle + 1;
      else high = middle;
    }
    const isFree = (selected[low - 1]?.end ?? 0) <= span.start
      && span.end <= (selected[low]?.start ?? Infinity);
    if (isFree) selected.splice(low, 0, span);
  }
  return selected;
}

/** The documents with their visible mentions. */
export function visibleDocuments() {
  return state.documents.map((document) => {
    const shown = visible(document);
    return { ...document, spans: document.spans.filter((span) => shown.has(span)) };
  });
}

/** The number of documents and visible mentions. */
export function summary() {
  const mentions = state.documents.reduce((sum, document) => sum + visible(document).size, 0);
  return `${count(state.documents.length, "document")}, ${count(mentions, "mention")}`;
}

export const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
