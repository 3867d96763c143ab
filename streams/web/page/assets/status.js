// Looks at /progress again and again, and draws what the readers do.
const byId = (id) => document.getElementById(id);
const WIDTH = 600, HEIGHT = 140, POINTS = 150, EVERY_MS = 1000;
const rates = [];

function path(most) {
  const step = WIDTH / (POINTS - 1), first = WIDTH - (rates.length - 1) * step;
  return rates.map((rate, n) => `${n ? "L" : "M"}${(first + n * step).toFixed(1)} ${(HEIGHT - 4 - (rate / most) * (HEIGHT - 12)).toFixed(1)}`).join("");
}

function draw() {
  const most = Math.max(1, ...rates), line = path(most);
  const first = WIDTH - (rates.length - 1) * (WIDTH / (POINTS - 1));
  document.querySelector("#chart .line").setAttribute("d", line);
  document.querySelector("#chart .area").setAttribute("d", `${line}L${WIDTH} ${HEIGHT}L${first.toFixed(1)} ${HEIGHT}Z`);
  byId("most").textContent = `highest ${most.toFixed(1)}`;
}

function time(seconds) {
  if (seconds === null) return "does not move";
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function row(source) {
  const made = document.createElement("tr");
  const cells = [source.description, source.inputRowsPerSecond.toFixed(1), source.processedRowsPerSecond.toFixed(1),
    source.lag, source.lag ? time(source.etaSeconds) : "–"];
  cells.forEach((text, n) => {
    const cell = made.insertCell();
    cell.textContent = text;
    if (n) cell.className = "number";
  });
  return made;
}

async function look() {
  try {
    const answer = await fetch("/progress?interval_s=1");
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    rates.push(found.processedRowsPerSecond);
    if (rates.length > POINTS) rates.shift();
    byId("now").textContent = found.processedRowsPerSecond.toFixed(1);
    const left = found.sources.filter((one) => one.lag);
    const slowest = left.some((one) => one.etaSeconds === null) ? null : Math.max(0, ...left.map((one) => one.etaSeconds));
    byId("eta").textContent = left.length ? `time left: ${time(slowest)}` : "all is read";
    document.querySelector("#stages tbody").replaceChildren(...found.sources.map(row));
    draw();
  } catch {
    byId("eta").textContent = "the service does not answer";
  }
  setTimeout(look, EVERY_MS);
}

look();
