// Adds what the theme lacks: a name for the search, and scrolling with the keyboard.
function complete() {
  document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
  document.querySelectorAll("pre > code, .md-typeset__scrollwrap, .highlight").forEach((element) => {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  });
  document.querySelectorAll("nav.md-code__nav").forEach((element, i) => {
    element.setAttribute("aria-label", `Code block ${i + 1}`);
  });
  document.querySelectorAll("th:empty").forEach((cell) => {
    cell.replaceWith(document.createElement("td"));
  });
}
addEventListener("load", () => setTimeout(complete));
addEventListener("resize", complete);
