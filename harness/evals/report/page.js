"use strict";
// The address says what is shown: `#17.1` a sample, `#?state=wrong&category=algebra&q=word` a filter.
const form = document.getElementById("filters");
const samples = [...document.querySelectorAll(".sample")].map((element) => ({
  element,
  state: element.dataset.state,
  category: element.dataset.category,
  words: element.textContent.toLowerCase(),
}));

const boxes = () => [...form.elements].filter((each) => each.type === "checkbox");

const asked = () => {
  const query = new URLSearchParams();
  const states = boxes().filter((each) => each.checked).map((each) => each.value);
  if (states.length) query.set("state", states.join(","));
  for (const name of ["category", "q"]) if (form.elements[name]?.value) query.set(name, form.elements[name].value);
  return query;
};

const show = () => {
  const query = asked();
  const words = (query.get("q") || "").toLowerCase().split(/\s+/);
  let count = 0;
  for (const each of samples) {
    const shown =
      (!query.has("state") || query.get("state").split(",").includes(each.state)) &&
      (!query.has("category") || query.get("category") === each.category) &&
      words.every((word) => each.words.includes(word));
    each.element.hidden = !shown;
    count += shown;
  }
  form.elements.count.value = `${count} of ${samples.length} samples`;
};

const fill = (query) => {
  for (const each of boxes()) each.checked = (query.get("state") || "").split(",").includes(each.value);
  form.elements.q.value = query.get("q") || "";
  const category = form.elements.category;
  if (category) category.value = query.get("category") || "";
  if (category?.selectedIndex < 0) category.value = "";
};

const go = () => {
  const [name, filter] = location.hash.slice(1).split(/\?(.*)/s);
  if (filter !== undefined) fill(new URLSearchParams(filter));
  const target = name ? document.getElementById(name) : null;
  show();
  if (target === null) return;
  if (target.closest("[hidden]")) {
    fill(new URLSearchParams()); // who follows a link wants to see what it leads to
    show();
  }
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
  target.querySelector(":scope > summary")?.focus({ preventScroll: true });
};

const remember = () => {
  const query = asked().toString();
  history.replaceState(null, "", query ? `#?${query}` : "#samples");
  show();
};

if (form) {
  form.hidden = false;
  form.addEventListener("input", remember);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(remember));
  addEventListener("hashchange", go);
  addEventListener("load", () => requestAnimationFrame(go)); // the browser, which follows the address too, takes the focus
  go();
}
