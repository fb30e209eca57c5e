/* Firm pages. All of it is optional: with scripts off the form is one long page and every button still works.
   Drafts: what was typed is kept on this device until the receipt is shown. Fields marked data-private (names, phones)
   live in this tab only and never longer than the submission. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const DRAFT = "qihu:draft:";
  const PRIVATE = "qihu:private:";
  const SENT = "qihu:sent:";

  const store = {
    read(area, key) { try { return JSON.parse(area.getItem(key)); } catch { return null; } },
    write(area, key, value) { try { area.setItem(key, JSON.stringify(value)); } catch { /* storage is full or forbidden: no draft then */ } },
    drop(area, prefix) { try { Object.keys(area).filter((key) => key.startsWith(prefix)).forEach((key) => area.removeItem(key)); } catch { /* nothing kept, nothing to drop */ } },
  };

  function counters() {
    for (const counter of all("[data-counter]")) {
      const field = document.getElementById(counter.dataset.counter);
      if (!field) continue;
      const max = Number(counter.dataset.max);
      const show = () => {
        const left = max - [...field.value].length;
        counter.textContent = left < 0 ? `超出 ${-left} 字` : left < max / 5 || left < 20 ? `还可写 ${left} 字` : `最多 ${max} 字`;
        counter.classList.toggle("over", left < 0);
      };
      field.addEventListener("input", show);
      show();
    }
  }

  function once(form) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      if (sent) { event.preventDefault(); return; }
      sent = true;
      all("[type=submit]", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
    });
    addEventListener("pageshow", () => {
      sent = false;
      all("[type=submit]", form).forEach((button) => button.removeAttribute("aria-disabled"));
    });
  }

  // A mark of what was written that tells nothing of it.
  const mark = (text) => [...text].reduce((sum, ch) => (Math.imul(sum, 33) ^ ch.codePointAt(0)) >>> 0, 5381) + ":" + text.length;
  const typed = (form) => [...form.elements].filter((el) => el.name && !["hidden", "submit", "button", "file", "password"].includes(el.type));
  const isPrivate = (el) => el.type === "tel" || el.hasAttribute("data-private");

  function snapshot(form, keep) {
    const out = {};
    for (const el of typed(form).filter(keep)) {
      if (el.type === "radio") { if (el.checked) out[el.name] = el.value; }
      else if (el.type === "checkbox") out[el.name] = el.checked;
      else if (el.value) out[el.name] = el.value;
    }
    return out;
  }

  function restore(form, values) {
    for (const el of typed(form)) {
      if (!values || !(el.name in values)) continue;
      if (el.type === "radio") el.checked = el.value === values[el.name];
      else if (el.type === "checkbox") el.checked = values[el.name];
      else if (!el.value) { el.value = values[el.name]; el.dispatchEvent(new Event("input")); }
    }
  }

  function drafts(form) {
    const code = form.dataset.draft;
    const key = form.querySelector("[data-key-field]");
    const everything = () => mark(JSON.stringify(snapshot(form, () => true)));
    if (!form.querySelector("[aria-invalid=true], .field-error, .error-summary")) {
      restore(form, store.read(localStorage, DRAFT + code));
      restore(form, store.read(sessionStorage, PRIVATE + code));
    }
    const fresh = key && key.value;
    const sent = store.read(sessionStorage, SENT + code);
    const settle = () => { if (key && sent) key.value = sent.all === everything() ? sent.key : fresh; };
    settle(); // the same words sent again are the same request; changed words are a new one
    const save = () => {
      store.write(localStorage, DRAFT + code, snapshot(form, (el) => !isPrivate(el)));
      store.write(sessionStorage, PRIVATE + code, snapshot(form, isPrivate));
      settle();
    };
    form.addEventListener("input", save);
    form.addEventListener("change", save);
    form.addEventListener("submit", (event) => {
      if (!navigator.onLine) { event.preventDefault(); document.body.classList.add("is-offline"); return; }
      settle(); // after "back" the browser itself may have filled the fields in
      if (!event.defaultPrevented && key) store.write(sessionStorage, SENT + code, { key: key.value, all: everything() });
    });
    addEventListener("online", () => document.body.classList.remove("is-offline"));
    addEventListener("offline", () => document.body.classList.add("is-offline"));
  }

  function complain(field, text) {
    const box = field.closest(".field");
    if (!box) return;
    const id = `${field.id || field.name}_error`;
    let line = document.getElementById(id);
    box.classList.toggle("bad", Boolean(text));
    if (!text) { field.removeAttribute("aria-invalid"); if (line) line.remove(); return; }
    if (!line) { line = Object.assign(document.createElement("p"), { className: "field-error", id }); box.append(line); }
    line.textContent = text;
    field.setAttribute("aria-invalid", "true");
    if (!(field.getAttribute("aria-describedby") || "").split(" ").includes(id)) field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${id}`.trim());
  }

  function fault(field) {
    const missing = field.required && !(field.type === "radio" ? field.form.elements[field.name].value : field.value.trim());
    if (missing) return field.dataset.missing || "这一项请填一下";
    return field.validity.patternMismatch ? field.dataset.wrong || "这一项的格式不对，请检查" : "";
  }

  function check(step) {
    let first = null;
    for (const field of all("input:not([type=hidden]), textarea, select", step)) {
      const text = fault(field);
      complain(field, text);
      if (text && !first) first = field;
    }
    if (first) first.focus();
    return !first;
  }

  function steps(form) {
    const parts = all(".step", form);
    const bar = form.querySelector("[data-steps-bar]");
    const [back, next, send] = ["back", "next", "submit"].map((name) => form.querySelector(`[data-${name}]`));
    if (parts.length < 2 || !back || !next || !send) return;
    let at = 0;
    const show = (to, focus = true) => {
      at = Math.max(0, Math.min(to, parts.length - 1));
      parts.forEach((part, i) => { part.hidden = i !== at; });
      back.hidden = at === 0;
      next.hidden = at === parts.length - 1;
      send.hidden = !next.hidden;
      if (bar) all("li", bar).forEach((li, i) => { li.className = i < at ? "done" : ""; if (i === at) li.setAttribute("aria-current", "step"); else li.removeAttribute("aria-current"); });
      if (!focus) return;
      scrollTo(0, 0);
      const title = parts[at].querySelector("h2, legend");
      if (title) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
    };
    const go = (to) => { history.pushState({ step: to }, ""); show(to); };
    form.noValidate = true;
    form.classList.add("stepped");
    if (bar) bar.hidden = false;
    next.addEventListener("click", () => { if (check(parts[at])) go(at + 1); });
    back.addEventListener("click", () => history.back());
    addEventListener("popstate", (event) => show(event.state && event.state.step || 0));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input") && !next.hidden) { event.preventDefault(); next.click(); }
    });
    form.addEventListener("submit", (event) => {
      const wrong = parts.findIndex((part) => { part.hidden = false; return !check(part); });
      show(wrong < 0 ? at : wrong, false);
      if (wrong >= 0) { event.preventDefault(); const bad = parts[wrong].querySelector("[aria-invalid=true]"); if (bad) bad.focus(); }
    }, true);
    for (const link of all(".error-summary a[href^='#']", form)) {
      link.addEventListener("click", (event) => {
        const target = form.querySelector(link.getAttribute("href"));
        const i = parts.findIndex((part) => part.contains(target));
        if (i < 0) return;
        event.preventDefault(); // a jump to #id would count as a step back
        show(i, false);
        const field = target.matches("fieldset") ? target.querySelector("input") : target;
        field.focus();
        field.closest(".field").scrollIntoView({ block: "center" });
      });
    }
    form.addEventListener("input", (event) => { if (event.target.getAttribute("aria-invalid")) complain(event.target, fault(event.target)); });
    const bad = parts.findIndex((part) => part.querySelector("[aria-invalid=true], .field-error"));
    const start = bad >= 0 ? bad : (history.state && history.state.step) || 0;
    // each step has a place in the history, so the phone's own "back" goes back one step
    if (bad > 0 && !(history.state && history.state.step)) for (let i = 1; i <= bad; i += 1) history.pushState({ step: i }, "");
    show(start, false);
  }

  for (const form of all("form[data-steps]")) steps(form);
  for (const form of all("form[data-draft]")) drafts(form);
  for (const form of all("form[data-steps], form[data-once], form[data-draft]")) once(form);
  counters();
  const done = document.body.dataset.draftDone;
  if (done !== undefined) {
    store.drop(localStorage, DRAFT + done);
    store.drop(sessionStorage, PRIVATE + done); // what was sent stays marked: sent again after "back" it is the same request
  }
  for (const button of all("[data-print]")) { button.hidden = false; button.addEventListener("click", () => print()); }
  for (const button of navigator.clipboard ? all("[data-copy]") : []) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.closest("section").querySelector("[data-copy-text]").textContent.trim());
      button.textContent = "已复制";
    });
  }
})();
