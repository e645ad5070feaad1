"use strict";
const form = document.getElementById("filters");
const rows = [...document.querySelectorAll("table.matrix tbody tr")];

function show() {
  const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const fits = words.every((word) => row.dataset.text.includes(word));
    const differing = !form.differing.checked || "differing" in row.dataset;
    const wrong = !form.wrong.checked || "wrong" in row.dataset;
    row.hidden = !(fits && differing && wrong);
    shown += !row.hidden;
  }
  form.count.value = `${shown} of ${rows.length} requirements`;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
show();
