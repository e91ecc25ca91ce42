// Runs before htmx: whatever becomes HTML passes here, and nothing that holds a script does.
window.trustedTypes?.createPolicy("default", {
  createHTML: (html) => (/<script/i.test(html) ? null : html),
});
