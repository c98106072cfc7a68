"use strict";

const PAUSE = 1000;
const SHOWN = 300;

const at = (id) => document.getElementById(id);
const places = ["before_headers", "after_bytes", "after_events", "in_event"];

// What each fault is told: a name and its first value. A number stands for a number, a list for a choice.
const KINDS = {
  error: { code: "ThrottlingException", message: "", retry_after_ms: null },
  requests_per_second: { limit: 5 },
  tokens_per_minute: { limit: 1000 },
  latency: { ms: 2000 },
  drip: { bytes: 16, every_ms: 100 },
  refuse_connections: {},
  reset: { at: places, count: 1 },
  stall: { at: places, count: 1 },
  truncate: { at: places, count: 1 },
  wrong_checksum: { of: ["message", "prelude"], after_events: 1 },
  exception: { code: "throttlingException", message: "", after_events: 1 },
  error_frame: { code: "InternalError", message: "", after_events: 1 },
  unknown_event: { after_events: 1 },
  unknown_fields: {},
  unknown_enum_values: {},
  unknown_union_members: {},
  empty_page: {},
  repeated_token: {},
  content_type: { value: "text/html" },
  broken_json: {},
  oversized: { bytes: 20000000 },
};

/** An element with text or other elements in it. What came from outside is only ever text. */
function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...inside.filter((part) => part !== null));
  return made;
}

/** The admin token, which comes in the page's address and leaves it at once. */
function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token");
}

async function ask(method, path, body) {
  const headers = token() === null ? {} : { authorization: `Bearer ${token()}` };
  const request = fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const response = await request.catch(() => { throw new Error("The server does not answer."); });
  const told = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(told.error);
  return told;
}

const words = (name) => name.replaceAll("_", " ");
const title = (request) => request.operation ?? `${request.method} ${request.path}`;
const tone = (status) => (status === 0 ? "odd" : status < 400 ? "good" : "bad");
const answered = (status) => (status === 0 ? "no answer" : String(status));
const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

// Requests.

const requests = new Map();
let chosen = null;
let shownState = "";

function row(request) {
  const struck = request.faults.map((fault) => words(fault.fault)).join(", ");
  const button = element("button", { type: "button", "data-id": request.id, "aria-current": request.id === chosen },
    element("span", {}, `#${request.id}`),
    element("span", { class: "operation" }, title(request)),
    element("span", { class: tone(request.status) }, answered(request.status)),
    element("span", { class: "told" }, `${new Date(request.received).toLocaleTimeString()} · ${model(request)}`,
      struck ? element("span", { class: "odd" }, ` · fault: ${struck}`) : null));
  button.addEventListener("click", () => choose(request.id));
  return element("li", {}, button);
}

function model(request) {
  const segment = request.path.match(/^\/model\/([^/]+)/);
  return segment ? decoded(segment[1]) : request.path;
}

/** A part of a path. What is no UTF-8 stays as it was sent. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function list(fresh) {
  for (const request of fresh) {
    // Two looks may overlap.
    if (requests.has(request.id)) continue;
    requests.set(request.id, request);
    at("list").prepend(row(request));
  }
}

/** Shows no more than the journal keeps, and not all of a long one. */
function forget(oldest) {
  const ids = [...requests.keys()];
  const first = Math.max(oldest, ids.at(-SHOWN) ?? 0);
  for (const id of ids.filter((id) => id < first)) {
    requests.delete(id);
    at("list").querySelector(`[data-id="${id}"]`).parentElement.remove();
    if (id === chosen) choose(null);
  }
  at("no-requests").hidden = requests.size > 0;
}

function choose(id) {
  chosen = id;
  for (const button of at("list").querySelectorAll("button")) {
    button.setAttribute("aria-current", button.dataset.id === String(id));
  }
  if (id !== null) return show(requests.get(id));
  at("details-title").textContent = "Choose a request";
  at("shown").replaceChildren();
}

function fold(name, value, open = false) {
  const folded = element("details", {}, element("summary", {}, name), element("pre", { tabindex: "0" }, pretty(value)));
  folded.open = open;
  return folded;
}

function headers(name, all) {
  return fold(name, Object.entries(all).map(([header, value]) => `${header}: ${value}`).join("\n"));
}

function event(told, index) {
  const name = told.event ?? told.error ?? "broken frame";
  const what = told.event ? JSON.stringify(told.payload) : told.message ?? told.broken;
  return element("li", {}, element("span", {}, String(index + 1)),
    element("span", { class: told.event ? "" : "bad" }, name), element("code", {}, what));
}

function show(request) {
  shownState = JSON.stringify(request);
  const { answer } = request;
  at("details-title").textContent = `#${request.id} ${title(request)}`;
  const query = request.query ? `?${request.query}` : "";
  const parts = [
    element("h3", {}, "What came in"),
    element("p", {}, element("code", {}, `${request.method} ${request.path}${query}`)),
    headers("Headers", request.headers),
    request.body === null ? null : fold("Body", request.body, true),
    element("h3", {}, "What went out"),
    element("p", {}, element("strong", { class: tone(request.status) }, answered(request.status)),
      ` · ${answer.bytes_sent} bytes`),
    ...request.faults.map((fault) => element("p", { class: "odd" }, `Fault: ${described(fault)}`)),
    headers("Headers", answer.headers),
    answer.body === null || answer.body === undefined ? null : fold("Body", answer.body, true),
  ];
  if (answer.events) {
    parts.push(element("h3", {}, `${answer.events.length} events`),
      element("ol", { class: "events" }, ...answer.events.map(event)));
  }
  at("shown").replaceChildren(...parts.filter((part) => part !== null));
}

// Faults.

function field(name, value) {
  const control = Array.isArray(value)
    ? element("select", { name }, ...value.map((choice) => element("option", { value: choice }, words(choice))))
    : element("input", { name, autocomplete: "off", ...(typeof value === "string" ? {} : { type: "number", min: 0 }) });
  if (!Array.isArray(value) && value !== null) control.value = value;
  const label = element("label", {}, words(name), control);
  if (name === "count") {
    // Only a place within the answer has a count.
    label.hidden = true;
    at("settings").querySelector("[name=at]").addEventListener("change", (change) => {
      label.hidden = change.target.value === "before_headers";
    });
  }
  return label;
}

function settings() {
  at("settings").replaceChildren();
  for (const [name, value] of Object.entries(KINDS[at("kind").value])) at("settings").append(field(name, value));
}

function told() {
  const fault = { fault: at("kind").value };
  const first = KINDS[fault.fault];
  const take = (name, control, isText) => {
    if (control.value !== "") fault[name] = isText ? control.value : Number(control.value);
  };
  for (const control of at("settings").querySelectorAll("[name]")) {
    take(control.name, control, typeof first[control.name] === "string" || Array.isArray(first[control.name]));
  }
  if (fault.at !== undefined && fault.at !== "before_headers") fault.at = { [fault.at]: fault.count ?? 0 };
  delete fault.count;
  for (const name of ["operation", "model"]) take(name, at(name), true);
  for (const name of ["after", "times"]) take(name, at(name), false);
  return fault;
}

/** A fault in words, its kind first. */
function described({ fault, ...settings }) {
  const value = (setting) => (typeof setting === "object" ? described({ fault: "", ...setting }) : String(setting));
  const told = Object.entries(settings).map(([name, setting]) => `${words(name)} ${value(setting)}`);
  return [words(fault), ...told].filter((part) => part !== "").join(" · ");
}

function planned({ id, seen, struck, ...fault }) {
  const off = element("button", { type: "button", "aria-label": `Switch off ${words(fault.fault)}` }, "Switch off");
  off.addEventListener("click", () => act(() => ask("DELETE", `faults/${id}`)));
  return element("li", { "data-fault": id }, element("span", { class: "fault" }, described(fault)),
    element("span", {}, `struck ${struck} of ${seen}`), off);
}

let shownFaults = "";

function plan(faults) {
  // Only what has changed is made anew, so that a button keeps its focus.
  const now = JSON.stringify(faults);
  if (now === shownFaults) return;
  shownFaults = now;
  const focused = document.activeElement?.closest("[data-fault]")?.dataset.fault;
  at("planned").replaceChildren(...faults.map(planned));
  at("planned").querySelector(`[data-fault="${focused}"] button`)?.focus();
  at("no-faults").hidden = faults.length > 0;
}

// Both.

async function refresh() {
  const last = Math.max(0, ...requests.keys());
  const [health, news, faults] = await Promise.all([
    ask("GET", "health"), ask("GET", `requests?after=${last}&limit=${SHOWN}`), ask("GET", "faults")]);
  list(news.requests);
  forget(health.oldest_request ?? Math.max(0, ...requests.keys()) + 1);
  plan(faults.faults);
  // An answer may still be on its way.
  if (chosen !== null) {
    const again = await ask("GET", `requests/${chosen}`).catch(() => null);
    if (again !== null && JSON.stringify(again) !== shownState) {
      requests.set(chosen, again);
      show(again);
    }
  }
  const clock = health.now.slice(0, 19).replace("T", " ");
  at("state").textContent = `${health.version} · ${health.requests} requests kept · ${clock} UTC`;
}

async function act(deed) {
  at("complaint").textContent = "";
  try {
    await deed();
    await refresh();
  } catch (error) {
    at("complaint").textContent = error.message;
  }
}

async function watch() {
  if (!document.hidden) {
    await refresh().catch((error) => { at("state").textContent = error.message; });
  }
  setTimeout(watch, PAUSE);
}

for (const kind of Object.keys(KINDS)) at("kind").append(element("option", { value: kind }, words(kind)));
at("kind").addEventListener("change", settings);
at("plan").addEventListener("submit", (submit) => {
  submit.preventDefault();
  act(() => ask("POST", "faults", told()));
});
at("clear").addEventListener("click", () => act(() => ask("DELETE", "requests")));
at("reset").addEventListener("click", () => act(() => ask("POST", "reset")));
settings();
watch();
