// Files, folders, pasted pictures, addresses and sketches go to the API; what becomes of them comes as events.
import SignaturePad from "./vendor/signature_pad.min.js";

const AT_A_TIME = 3;
const byId = (id) => document.getElementById(id);
const drop = byId("drop"), sending = byId("sending"), refused = byId("refused");
const queue = [];
let active = 0, sent = 0, all = 0;

function report() {
  sending.textContent = all === 0 ? "" : active || queue.length ? `Sending ${sent + 1} of ${all} …` : `${sent} of ${all} sent`;
}

function refuse(name, why) {
  const item = document.createElement("li");
  item.textContent = `${name}: ${why}`;
  refused.append(item);
}

async function problemOf(answer) {
  try {
    return (await answer.json()).detail ?? answer.statusText;
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
}

async function post(path, request, name) {
  try {
    const answer = await fetch(path, { method: "POST", ...request });
    if (!answer.ok) { refuse(name, await problemOf(answer)); return null; }
    htmx.trigger(document.body, "sent");
    const found = await answer.json();
    for (const one of found.documents) if (one.status === "refused") refuse(name, one.problem.detail);
    return found.documents.some((one) => one.status === "refused") ? null : found;
  } catch {
    refuse(name, "the service does not answer");
    return null;
  }
}

function sendFile(file, name) {
  const form = new FormData();
  form.append("file", file, name);
  form.append("options", JSON.stringify({ words: true }));
  return post("/files", { body: form }, name);
}

async function work() {
  while (queue.length && active < AT_A_TIME) {
    const [file, name] = queue.shift();
    active += 1;
    report();
    sendFile(file, name).then((done) => { sent += done ? 1 : 0; active -= 1; report(); work(); });
  }
}

function enqueue(files) {
  if (!active && !queue.length) { sent = 0; all = 0; refused.replaceChildren(); }
  for (const [file, name] of files) { queue.push([file, name]); all += 1; }
  report();
  work();
}

for (const id of ["files", "folder", "camera"]) {
  byId(id).addEventListener("change", (event) => {
    enqueue([...event.target.files].map((file) => [file, file.webkitRelativePath || file.name]));
    event.target.value = "";
  });
}

async function filesIn(entry, prefix = "") {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [[file, prefix + file.name]];
  }
  const reader = entry.createReader(), found = [];
  for (;;) { // a reader yields a hundred at a time
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) break;
    for (const one of some) found.push(...await filesIn(one, `${prefix}${entry.name}/`));
  }
  return found;
}

document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) { enqueue([...event.dataTransfer.files].map((file) => [file, file.name])); return; }
  for (const entry of entries) enqueue(await filesIn(entry));
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (files.length) enqueue(files.map((file) => [file, file.name || "pasted.png"]));
});

byId("from-url")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("url"), url = field.value;
  refused.replaceChildren();
  sending.textContent = "Fetching …";
  const done = await post("/urls", {
    body: JSON.stringify({ urls: [url], options: { words: true } }), headers: { "content-type": "application/json" },
  }, url);
  sending.textContent = done ? "Fetched and sent" : "";
  if (done) field.value = "";
});

// the sketchpad
const canvas = byId("pad"), output = byId("sketch-text"), open = byId("open-sketch");
let pad = null;

function fit() {
  const strokes = pad.toData(), scale = Math.max(devicePixelRatio, 2);
  canvas.width = canvas.offsetWidth * scale;
  canvas.height = canvas.offsetHeight * scale;
  canvas.getContext("2d").scale(scale, scale);
  pad.clear();
  pad.fromData(strokes);
}

open.addEventListener("click", () => {
  const shown = byId("sketch").toggleAttribute("hidden");
  open.setAttribute("aria-expanded", String(!shown));
  if (shown) return;
  pad ??= new SignaturePad(canvas, { backgroundColor: "#fff", penColor: "#111", minWidth: 1.2, maxWidth: 3.2 });
  fit();
  canvas.scrollIntoView({ block: "nearest" });
});
addEventListener("resize", () => { if (pad && !byId("sketch").hidden) fit(); });
byId("clear-sketch").addEventListener("click", () => { pad.clear(); output.textContent = ""; });
byId("undo-sketch").addEventListener("click", () => pad.fromData(pad.toData().slice(0, -1)));
byId("read-sketch").addEventListener("click", async () => {
  if (pad.isEmpty()) { output.textContent = "Write something first."; return; }
  const name = `sketch-${new Date().toISOString().slice(0, 19).replace(/\D/g, "")}.png`;
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  output.textContent = "…";
  const answer = await post(`/drawings?wait=20&name=${name}`, {
    body: picture, headers: { "content-type": "image/png" },
  }, "sketch");
  const read = answer?.documents?.[0];
  output.textContent = !read ? "" : read.text ?? read.exception ?? "It is not read yet: see the list below.";
  if (read?.text?.trim() === "") output.textContent = "No text was found.";
});

// The list is fetched again soon after a record came, once however many came: also after the last of them.
const LIST_EVERY_MS = 500;
let stale = null;
document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
  event.preventDefault();
  stale ??= setTimeout(() => { stale = null; htmx.trigger("#documents", "stale"); }, LIST_EVERY_MS);
});
