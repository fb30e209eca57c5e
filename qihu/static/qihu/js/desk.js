/* Keyboard for officials. Every key has a button or link that does the same; none works while somebody types. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (el) => el instanceof Element && el.matches("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

  function step(by) {
    const rows = all("[data-row]");
    if (!rows.length) return;
    const here = rows.indexOf(document.activeElement);
    const from = here >= 0 ? here : rows.findIndex((row) => row.hasAttribute("aria-current"));
    const to = from < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, from + by));
    rows[to].focus();
    rows[to].scrollIntoView({ block: "nearest" });
  }

  function open(details) {
    all("details[name=act][open]").forEach((other) => { if (other !== details) other.open = false; });
    details.open = true;
    const field = details.querySelector("[aria-invalid=true], input:not([type=hidden]), textarea, select, button");
    if (field) field.focus();
  }

  function close(details) {
    details.open = false;
    const summary = details.querySelector("summary");
    if (summary) summary.focus();
  }

  function act(key) {
    const target = all("[data-key]").find((el) => el.dataset.key.toLowerCase() === key);
    if (!target) return false;
    if (target.matches("summary")) { const details = target.parentElement; if (details.open) close(details); else open(details); }
    else if (target.matches("input, textarea, select")) target.focus();
    else target.click();
    return true;
  }

  const keys = document.getElementById("keys");
  const help = () => { if (keys && !keys.open) keys.showModal(); };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const inForm = event.target instanceof Element && event.target.closest("form");
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && inForm && typing(event.target)) { event.preventDefault(); inForm.requestSubmit(); return; }
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") {
      const panel = document.querySelector("details[name=act][open]");
      if (panel && !document.querySelector("dialog[open]")) { event.preventDefault(); close(panel); }
      else if (typing(event.target)) event.target.blur();
      return;
    }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    let took = true;
    if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "?") help();
    else if (key === "/") { const search = document.querySelector("[data-search]"); if (search) search.focus(); else took = false; }
    else took = key.length === 1 && act(key);
    if (took) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const closer = event.target.closest("[data-close]");
    if (closer) close(closer.closest("details"));
    if (event.target.closest("[data-keys-open]")) help();
    if (event.target.closest("details[name=act] > summary")) setTimeout(() => { const panel = document.querySelector("details[name=act][open]"); if (panel) open(panel); });
    const gone = event.target.closest("[data-dismiss]");
    if (gone) gone.closest(".message").remove();
  });

  const sending = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) return;
    if (sending.has(form)) { event.preventDefault(); return; }
    sending.add(form);
    all("[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
    addEventListener("pageshow", () => { sending.delete(form); all("[type=submit]", form).forEach((button) => button.removeAttribute("aria-disabled")); }, { once: true });
  });

  all("[data-close], [data-keys-open]").forEach((button) => { button.hidden = false; });
  for (const message of all(".message")) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    button.setAttribute("aria-label", "关闭提示");
    button.dataset.dismiss = "";
    message.append(button);
  }
  const wrong = document.querySelector("details[name=act][open] [aria-invalid=true]");
  if (wrong) wrong.focus();
  const current = document.querySelector(".rows [aria-current]");
  if (current) current.scrollIntoView({ block: "nearest" });
})();
