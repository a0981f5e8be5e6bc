"use strict";
// Shows a passage in both panes at the same height. Without this script its links still lead to the other side.
const passages = [...document.querySelectorAll("[id^=l]")].map((mark) => mark.dataset.of);
let current = -1;

function show(passage) {
  current = passages.indexOf(passage);
  for (const mark of document.querySelectorAll("mark")) mark.classList.toggle("here", mark.dataset.of === passage);
  for (const side of ["l", "r"]) {
    const mark = document.getElementById(side + passage);
    const pane = mark.closest(".pane");
    pane.scrollTop += mark.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 4;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-passage]");
  if (!link) return;
  event.preventDefault();
  show(link.dataset.passage);
});

document.addEventListener("keydown", (event) => {
  const step = { n: 1, p: -1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || !passages.length) return;
  show(passages[(current + step + passages.length) % passages.length]);
});
