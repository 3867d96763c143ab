// The editor: examples, names of columns into the text, and the keys that run it.
const field = document.getElementById("sql"), form = document.getElementById("editor");

document.addEventListener("click", (event) => {
  const { sql, column } = event.target.closest?.("[data-sql], [data-column]")?.dataset ?? {};
  if (sql) field.value = sql;
  if (column) field.setRangeText(column, field.selectionStart, field.selectionEnd, "end");
  if (sql || column) field.focus();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(document.getElementById("run"));
});
// htmx takes the form's submits; a file is the browser's
form.addEventListener("htmx:confirm", (event) => {
  const by = event.detail.triggeringEvent?.submitter;
  if (!by?.classList.contains("download")) return;
  event.preventDefault();
  form.action = by.formAction;
  form.submit();
});
