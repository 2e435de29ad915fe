// The score, the identifiers and the candidates of the mention under the pointer or the focus.

import { describe } from "./concepts.js";
import { $ } from "./messages.js";
import { numberOf } from "./render.js";
import { state } from "./state.js";

const MAX_MENTIONS = 8; // the mention and those around it

/** The numbers of the visible mentions at an element, the innermost first. */
export function mentionsAt(target) {
  const link = target.closest("#documents .text a");
  const numbers = new Set(link ? [numberOf(link)] : []);
  let mark = link ? null : target.closest("#documents .text [data-m]");
  while (mark) {
    if (!mark.matches(".off, .gap")) numbers.add(mark.dataset.m - 1);
    mark = mark.parentElement.closest(".text [data-m]");
  }
  return [...numbers];
}

export function showTip(target) {
  if (matchMedia("(hover: none)").matches) return; // a tap opens the form instead
  const numbers = target instanceof Element ? mentionsAt(target) : [];
  $("tip").hidden = !numbers.length || !$("edit").hidden;
  if ($("tip").hidden) return;
  const { spans } = state.documents[target.closest("article").dataset.index];
  $("tip").textContent = numbers.slice(0, MAX_MENTIONS).map((number) => describe(spans[number])).join("\n");
  const { left, bottom } = target.closest("a, [data-m]").getBoundingClientRect();
  const right = document.documentElement.clientWidth - $("tip").offsetWidth - 8;
  $("tip").style.left = `${Math.max(8, Math.min(left, right))}px`;
  $("tip").style.top = `${bottom + 8}px`;
}
