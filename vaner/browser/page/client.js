// Functions that send requests to the worker and return promises.

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const pending = new Map();
let requests = 0;

function wait(id, report) {
  return new Promise((resolve, reject) => pending.set(id, { resolve, reject, report }));
}

worker.onmessage = ({ data: { id, share, result, error } }) => {
  const { resolve, reject, report } = pending.get(id) ?? {};
  if (share !== undefined) return report?.(share);
  pending.delete(id);
  if (error === undefined) resolve?.(result);
  else reject?.(new Error(error));
};
worker.onerror = (event) => {
  pending.forEach(({ reject }) => reject(new Error(event.message || "The program cannot be loaded.")));
  pending.clear();
};

/** Resolves to the model's { name, version, looks } when it is loaded. */
export const loadModel = (report) => wait(0, report);

/** The mentions of a text; see Annotator.annotate. */
export function annotate(text, options, report) {
  requests += 1;
  worker.postMessage({ id: requests, text, options });
  return wait(requests, report);
}
