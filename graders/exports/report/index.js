"use strict";
// Sorts and filters the table of submissions. The address after # keeps what is chosen, such as #failed=1d&sort=total.
const table = document.getElementById("class");
if (table) {
  const form = document.getElementById("filter");
  const fields = ["q", "failed", "diagnosis"];
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const rows = [...body.rows].map((row, place) => ({
    row,
    place,
    name: row.cells[0].textContent.toLowerCase(),
    text: row.textContent.toLowerCase(),
    diagnoses: (row.dataset.d || "").split(" "),
  }));
  const bad = ["f0", "f1", "f2", "fe"];
  let sort = "";
  let down = false;

  function failed(row, column) {
    return bad.includes(row.cells[column].className);
  }

  function value(row, column) {
    const text = row.cells[column].textContent.trim();
    return heads[column].classList.contains("n") ? (parseFloat(text) >= 0 ? parseFloat(text) : null) : text;
  }

  function show() {
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const column = heads.findIndex((head) => head.dataset.k === form.failed.value);
    let count = 0;
    for (const one of rows) {
      const shown = words.every((word) => one.text.includes(word))
        && (!form.failed.value || column < 0 || failed(one.row, column))
        && (!form.diagnosis.value || one.diagnoses.includes(form.diagnosis.value));
      one.row.hidden = !shown;
      count += shown;
    }
    form.count.value = `${count.toLocaleString()} of ${rows.length.toLocaleString()} shown`;
  }

  function order() {
    const column = heads.findIndex((head) => head.dataset.k === sort);
    const sorted = [...rows];
    if (column >= 0) {
      const keys = new Map(rows.map((one) => [one, value(one.row, column)]));
      sorted.sort((a, b) => {
        const [x, y] = [keys.get(a), keys.get(b)];
        if (x === null || y === null) return (x === null) - (y === null) || a.place - b.place;
        const less = typeof x === "number" ? x - y : compare(x, y);
        return (down ? -less : less) || a.place - b.place;
      });
    }
    for (const head of heads) {
      const direction = down ? "descending" : "ascending";
      head.setAttribute("aria-sort", head.dataset.k === sort ? direction : "none");
    }
    body.append(...sorted.map((one) => one.row));
  }

  function note() {
    const state = new URLSearchParams();
    for (const field of fields) if (form[field].value) state.set(field, form[field].value);
    if (sort) state.set("sort", sort);
    if (down) state.set("down", "1");
    history.replaceState(null, "", `#${state.toString() || "submissions"}`);
  }

  function read() {
    if (!location.hash.includes("=")) return false;
    const state = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      form[field].value = state.get(field) || "";
      if (form[field].selectedIndex < 0) form[field].value = "";
    }
    sort = state.get("sort") || "";
    down = state.has("down");
    return true;
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...[...head.childNodes].filter((node) => node.nodeName !== "SMALL"));
    head.prepend(button);
    button.addEventListener("click", () => {
      down = sort === head.dataset.k && !down;
      sort = head.dataset.k;
      order();
      note();
    });
  }
  form.hidden = false;
  form.addEventListener("input", () => { show(); note(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.all.addEventListener("click", () => {
    form.reset();
    sort = "";
    down = false;
    order();
    show();
    note();
  });
  addEventListener("hashchange", () => {
    if (!read()) return;
    order();
    show();
    document.getElementById("submissions").scrollIntoView();
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.q.focus();
    }
  });
  read();
  order();
  show();
}
