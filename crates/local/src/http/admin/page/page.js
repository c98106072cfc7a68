"use strict";

/** The time between two updates, in milliseconds. */
const UPDATE_INTERVAL = 1000;
/** The most requests that the page shows. */
const MOST_REQUESTS = 300;

const byId = (id) => document.getElementById(id);
const positions = ["before_headers", "after_bytes", "after_events", "in_event"];

// The settings of each fault, with their default values. An array lists the choices of a setting.
const FAULTS = {
  error: { code: "ThrottlingException", message: "", retry_after_ms: null },
  requests_per_second: { limit: 5 },
  tokens_per_minute: { limit: 1000 },
  latency: { ms: 2000 },
  drip: { bytes: 16, every_ms: 100 },
  refuse_connections: {},
  reset: { at: positions, count: 1 },
  stall: { at: positions, count: 1 },
  truncate: { at: positions, count: 1 },
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

/** Creates an element with text or other elements. Strings become text nodes, never markup. */
function element(name, attributes = {}, ...children) {
  const created = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) created.setAttribute(attribute, value);
  created.append(...children.filter((child) => child !== null));
  return created;
}

/** Returns the admin token. Moves it from the page's address into the session's storage. */
function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token");
}

async function call(method, path, body) {
  const headers = token() === null ? {} : { authorization: `Bearer ${token()}` };
  const request = fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const response = await request.catch(() => { throw new Error("The server does not respond."); });
  const result = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(result.error);
  return result;
}

const words = (name) => name.replaceAll("_", " ");
const title = (request) => request.operation ?? `${request.method} ${request.path}`;
const statusClass = (status) => (status === 0 ? "odd" : status < 400 ? "good" : "bad");
const statusText = (status) => (status === 0 ? "no response" : String(status));
const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

// Requests.

const requests = new Map();
let selected = null;
let shownState = "";

function row(request) {
  const faults = request.faults.map((fault) => words(fault.fault)).join(", ");
  const button = element("button", { type: "button", "data-id": request.id, "aria-current": request.id === selected },
    element("span", {}, `#${request.id}`),
    element("span", { class: "operation" }, title(request)),
    element("span", { class: statusClass(request.status) }, statusText(request.status)),
    element("span", { class: "details" }, `${new Date(request.received).toLocaleTimeString()} · ${model(request)}`,
      faults ? element("span", { class: "odd" }, ` · fault: ${faults}`) : null));
  button.addEventListener("click", () => select(request.id));
  return element("li", {}, button);
}

function model(request) {
  const segment = request.path.match(/^\/model\/([^/]+)/);
  return segment ? decoded(segment[1]) : request.path;
}

/** Decodes a part of a path. A part that is not valid UTF-8 stays as it was sent. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function add(newRequests) {
  for (const request of newRequests) {
    // Two updates can overlap.
    if (requests.has(request.id)) continue;
    requests.set(request.id, request);
    byId("list").prepend(row(request));
  }
}

/** Removes the requests that the journal no longer has, and the oldest of too many. */
function removeBefore(oldest) {
  const ids = [...requests.keys()];
  const first = Math.max(oldest, ids.at(-MOST_REQUESTS) ?? 0);
  for (const id of ids.filter((id) => id < first)) {
    requests.delete(id);
    byId("list").querySelector(`[data-id="${id}"]`).parentElement.remove();
    if (id === selected) select(null);
  }
  byId("no-requests").hidden = requests.size > 0;
}

function select(id) {
  selected = id;
  for (const button of byId("list").querySelectorAll("button")) {
    button.setAttribute("aria-current", button.dataset.id === String(id));
  }
  if (id !== null) return show(requests.get(id));
  byId("details-title").textContent = "Select a request";
  byId("shown").replaceChildren();
}

function foldable(name, value, open = false) {
  const folded = element("details", {}, element("summary", {}, name), element("pre", { tabindex: "0" }, pretty(value)));
  folded.open = open;
  return folded;
}

function headers(name, all) {
  return foldable(name, Object.entries(all).map(([header, value]) => `${header}: ${value}`).join("\n"));
}

function eventItem(event, index) {
  const name = event.event ?? event.error ?? "broken frame";
  const text = event.event ? JSON.stringify(event.payload) : event.message ?? event.broken;
  return element("li", {}, element("span", {}, String(index + 1)),
    element("span", { class: event.event ? "" : "bad" }, name), element("code", {}, text));
}

function show(request) {
  shownState = JSON.stringify(request);
  const { response } = request;
  byId("details-title").textContent = `#${request.id} ${title(request)}`;
  const query = request.query ? `?${request.query}` : "";
  const parts = [
    element("h3", {}, "Request"),
    element("p", {}, element("code", {}, `${request.method} ${request.path}${query}`)),
    headers("Headers", request.headers),
    request.body === null ? null : foldable("Body", request.body, true),
    element("h3", {}, "Response"),
    element("p", {}, element("strong", { class: statusClass(request.status) }, statusText(request.status)),
      ` · ${response.bytes_sent} bytes`),
    ...request.faults.map((fault) => element("p", { class: "odd" }, `Fault: ${described(fault)}`)),
    headers("Headers", response.headers),
    response.body === null || response.body === undefined ? null : foldable("Body", response.body, true),
  ];
  if (response.events) {
    parts.push(element("h3", {}, `${response.events.length} events`),
      element("ol", { class: "events" }, ...response.events.map(eventItem)));
  }
  byId("shown").replaceChildren(...parts.filter((part) => part !== null));
}

// Faults.

function field(name, value) {
  const control = Array.isArray(value)
    ? element("select", { name }, ...value.map((choice) => element("option", { value: choice }, words(choice))))
    : element("input", { name, autocomplete: "off", ...(typeof value === "string" ? {} : { type: "number", min: 0 }) });
  if (!Array.isArray(value) && value !== null) control.value = value;
  const label = element("label", {}, words(name), control);
  if (name === "count") {
    // Only positions within the response have a count.
    label.hidden = true;
    byId("settings").querySelector("[name=at]").addEventListener("change", (change) => {
      label.hidden = change.target.value === "before_headers";
    });
  }
  return label;
}

function settings() {
  byId("settings").replaceChildren();
  for (const [name, value] of Object.entries(FAULTS[byId("kind").value])) byId("settings").append(field(name, value));
}

function enteredFault() {
  const fault = { fault: byId("kind").value };
  const defaults = FAULTS[fault.fault];
  const take = (name, control, isText) => {
    if (control.value !== "") fault[name] = isText ? control.value : Number(control.value);
  };
  for (const control of byId("settings").querySelectorAll("[name]")) {
    take(control.name, control, typeof defaults[control.name] === "string" || Array.isArray(defaults[control.name]));
  }
  if (fault.at !== undefined && fault.at !== "before_headers") fault.at = { [fault.at]: fault.count ?? 0 };
  delete fault.count;
  for (const name of ["operation", "model"]) take(name, byId(name), true);
  for (const name of ["after", "times"]) take(name, byId(name), false);
  return fault;
}

/** Describes a fault in words. */
function described({ fault, ...settings }) {
  const value = (setting) => (typeof setting === "object" ? described({ fault: "", ...setting }) : String(setting));
  const parts = Object.entries(settings).map(([name, setting]) => `${words(name)} ${value(setting)}`);
  return [words(fault), ...parts].filter((part) => part !== "").join(" · ");
}

function faultItem({ id, seen, applied, ...fault }) {
  const remove = element("button", { type: "button", "aria-label": `Remove ${words(fault.fault)}` }, "Remove");
  remove.addEventListener("click", () => act(() => call("DELETE", `faults/${id}`)));
  return element("li", { "data-fault": id }, element("span", { class: "fault" }, described(fault)),
    element("span", {}, `applied to ${applied} of ${seen}`), remove);
}

let shownFaults = "";

function showFaults(faults) {
  // Rebuilds the list only after a change, so that a button keeps its focus.
  const state = JSON.stringify(faults);
  if (state === shownFaults) return;
  shownFaults = state;
  const focused = document.activeElement?.closest("[data-fault]")?.dataset.fault;
  byId("planned").replaceChildren(...faults.map(faultItem));
  byId("planned").querySelector(`[data-fault="${focused}"] button`)?.focus();
  byId("no-faults").hidden = faults.length > 0;
}

// Both.

async function refresh() {
  const last = Math.max(0, ...requests.keys());
  const [health, journal, faults] = await Promise.all([
    call("GET", "health"), call("GET", `requests?after=${last}&limit=${MOST_REQUESTS}`), call("GET", "faults")]);
  add(journal.requests);
  removeBefore(health.oldest_request ?? Math.max(0, ...requests.keys()) + 1);
  showFaults(faults.faults);
  // The response may not be complete yet.
  if (selected !== null) {
    const current = await call("GET", `requests/${selected}`).catch(() => null);
    if (current !== null && JSON.stringify(current) !== shownState) {
      requests.set(selected, current);
      show(current);
    }
  }
  const clock = health.now.slice(0, 19).replace("T", " ");
  byId("state").textContent = `${health.version} · ${health.requests} requests · ${clock} UTC`;
}

async function act(action) {
  byId("error").textContent = "";
  try {
    await action();
    await refresh();
  } catch (error) {
    byId("error").textContent = error.message;
  }
}

async function watch() {
  if (!document.hidden) {
    await refresh().catch((error) => { byId("state").textContent = error.message; });
  }
  setTimeout(watch, UPDATE_INTERVAL);
}

for (const name of Object.keys(FAULTS)) byId("kind").append(element("option", { value: name }, words(name)));
byId("kind").addEventListener("change", settings);
byId("plan").addEventListener("submit", (submit) => {
  submit.preventDefault();
  act(() => call("POST", "faults", enteredFault()));
});
byId("clear").addEventListener("click", () => act(() => call("DELETE", "requests")));
byId("reset").addEventListener("click", () => act(() => call("POST", "reset")));
settings();
watch();
