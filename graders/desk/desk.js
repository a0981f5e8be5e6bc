// Keys, and comments to take again. Without it the pages work by links and buttons.
"use strict";

const typing = (element) => element.matches("input, textarea, select");

document.addEventListener("keydown", (event) => {
  const element = document.activeElement || document.body;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = element.closest("form.mark") || document.querySelector("main form.mark");
    if (form) form.requestSubmit(form.querySelector("button.main"));
    return;
  }
  if (event.key === "Escape") element.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(element)) return;
  const field = { m: "input.points", c: "textarea" }[event.key];
  const target = field ? document.querySelector(`main .question[open] ${field}, main aside:not(:has(.question)) ${field}`)
    : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (!field) return target.click();
  const folded = target.closest("details.override");
  if (folded) folded.open = true;
  target.focus();
});

document.addEventListener("click", (event) => {
  const phrase = event.target.closest("[data-phrase]");
  if (!phrase) return;
  const comment = phrase.closest("form").querySelector("textarea");
  comment.value = [comment.value.trim(), phrase.dataset.phrase].filter(Boolean).join("\n");
  comment.focus();
});

// An address such as /student/CODE#1g opens that question, once the browser itself has gone there.
window.addEventListener("load", () => {
  const opened = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!opened || !opened.matches("details.question")) return;
  opened.open = true;
  opened.scrollIntoView();
  opened.querySelector("input.points").focus();
});

// What was typed and not saved is not lost by a key.
let changed = false;
document.addEventListener("input", () => { changed = true; });
document.addEventListener("submit", () => { changed = false; });
window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

const answer = document.getElementById("answer");
if (answer && !location.hash && matchMedia("(min-width: 54rem)").matches) answer.scrollIntoView({ block: "start" });
