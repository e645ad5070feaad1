"use strict";
// The address says what is shown: `#CONV-3` a requirement, `#chat/answers` a scenario, `#?state=failed&level=MUST&q=word`
// a filter; both may stand together, `#CONV-3?level=MUST`.
const form = document.getElementById("filters");
const requirements = [...document.querySelectorAll(".requirement")].map((element) => ({
  element,
  area: element.closest(".area").dataset.area,
  state: element.dataset.state,
  level: element.dataset.level,
  words: [...element.querySelectorAll("summary h4, .text, .reason, .scenario > summary, .findings")]
    .map((part) => part.textContent)
    .join("\n")
    .toLowerCase(),
}));

const chosen = (name) => [...form.elements].filter((each) => each.name === name && each.checked).map((each) => each.value);

const asked = () => {
  const query = new URLSearchParams();
  for (const name of ["state", "level"]) if (chosen(name).length) query.set(name, chosen(name).join(","));
  for (const name of ["area", "q"]) if (form.elements[name].value) query.set(name, form.elements[name].value);
  return query;
};

const show = () => {
  const query = asked();
  const one = (name, value) => !query.has(name) || query.get(name).split(",").includes(value);
  const words = (query.get("q") || "").toLowerCase().split(/\s+/);
  let count = 0;
  for (const each of requirements) {
    const shown =
      one("state", each.state) && one("level", each.level) && one("area", each.area) &&
      words.every((word) => each.words.includes(word));
    each.element.hidden = !shown;
    count += shown;
  }
  for (const area of document.querySelectorAll(".area")) {
    area.hidden = !area.querySelector(".requirement:not([hidden])");
  }
  form.elements.count.value = `${count} of ${requirements.length} requirements`;
};

const fill = (query) => {
  for (const each of form.elements) {
    if (each.type === "checkbox") each.checked = (query.get(each.name) || "").split(",").includes(each.value);
  }
  form.elements.q.value = query.get("q") || "";
  form.elements.area.value = query.get("area") || "";
  if (form.elements.area.selectedIndex < 0) form.elements.area.value = "";
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
  history.replaceState(null, "", query ? `#?${query}` : "#requirements");
  show();
};

form.hidden = false;
form.addEventListener("input", remember);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(remember));
addEventListener("hashchange", go);
addEventListener("load", () => requestAnimationFrame(go)); // the browser, which follows the address too, takes the focus
go();
