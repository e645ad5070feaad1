// The address says what is shown: `#CONV-3` one of the things, `#?state=failed,flaky&level=MUST&q=word` a filter; both
// may stand together, `#CONV-3?level=MUST`. `page` says what the things are; see `filters.py`.
const form = document.getElementById("filters");
const boxes = [...(form?.elements ?? [])].filter((each) => each.type === "checkbox");
const texts = [...(form?.elements ?? [])].filter((each) => each.type === "select-one" || each.type === "search");
const several = new Set(boxes.map((each) => each.name));
const fields = [...several, ...texts.map((each) => each.name).filter((name) => name !== "q")];

const fact = (element, name) => {
  const value = element.closest(`[data-${name}]`)?.dataset[name];
  return several.has(name) && value === "" ? "on" : value; // what a box without a value says
};
const words = (element) => {
  const parts = page.words ? [...element.querySelectorAll(page.words)] : [element];
  return element.dataset.text ?? parts.map((part) => part.textContent).join("\n").toLowerCase();
};
const things = [...document.querySelectorAll(page.things)].map((element) => ({
  element,
  words: words(element),
  facts: Object.fromEntries(fields.map((name) => [name, fact(element, name)])),
}));

const asked = () => {
  const query = new URLSearchParams();
  for (const name of several) {
    const chosen = boxes.filter((each) => each.name === name && each.checked).map((each) => each.value);
    if (chosen.length) query.set(name, chosen.join(","));
  }
  for (const each of texts) if (each.value) query.set(each.name, each.value);
  return query;
};

const fits = (query, name, value) =>
  !query.has(name) || (several.has(name) ? query.get(name).split(",").includes(value) : query.get(name) === value);

const show = () => {
  const query = asked();
  const searched = (query.get("q") || "").toLowerCase().split(/\s+/);
  let count = 0;
  for (const each of things) {
    const shown =
      fields.every((name) => fits(query, name, each.facts[name])) && searched.every((word) => each.words.includes(word));
    each.element.hidden = !shown;
    count += shown;
  }
  for (const group of page.groups ? document.querySelectorAll(page.groups) : []) {
    group.hidden = !group.querySelector(`${page.things}:not([hidden])`);
  }
  form.elements.count.value = `${count} of ${things.length} ${page.noun}`;
};

const fill = (query) => {
  for (const each of boxes) each.checked = (query.get(each.name) || "").split(",").includes(each.value);
  for (const each of texts) {
    each.value = query.get(each.name) || "";
    if (each.selectedIndex < 0) each.value = "";
  }
};

const go = () => {
  const [name, filter] = location.hash.slice(1).split(/\?(.*)/s);
  if (filter !== undefined) fill(new URLSearchParams(filter));
  let target = null;
  try {
    target = name ? document.getElementById(decodeURIComponent(name)) : null;
  } catch {
    // A `%` that encodes nothing names nothing.
  }
  show();
  if (target === null) return;
  if (target.closest("[hidden]")) {
    fill(new URLSearchParams()); // who follows a link wants to see what it leads to
    show();
  }
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  target.scrollIntoView();
  target.querySelector(":scope > summary")?.focus({ preventScroll: true });
};

const remember = () => {
  const query = asked().toString();
  history.replaceState(null, "", query ? `#?${query}` : `#${page.noun}`);
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
