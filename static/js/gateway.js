// The policy as a form: a row that comes or goes takes the focus along.

const inForm = (element) => element?.closest?.("#policy_form");

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx?.sourceElement?.name === "row") document.querySelector("#policy_form [data-focus]")?.focus();
});

// A choice that other fields depend on asks by itself, so that the form around it takes the answer; it must not ask twice.
document.addEventListener("input", (event) => {
  if (inForm(event.target) && event.target.matches("select[hx-post]")) event.stopPropagation();
}, true);
