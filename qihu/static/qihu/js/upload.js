/* Files that survive a lost network: pieces of half a megabyte by tus 1.0, carried on where they broke off. Optional: with
   scripts off the field posts its files with the form. Names stay in this tab and on our own server. */
(() => {
  "use strict";
  const PIECE = 512 * 1024;
  const SLOWEST = 15_000;
  const KEPT = "qihu:files:";
  const words = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const element = (tag, more = {}) => Object.assign(document.createElement(tag), more);

  const store = {
    read(key) { try { return JSON.parse(sessionStorage.getItem(KEPT + key)); } catch { return null; } },
    write(key, value) { try { sessionStorage.setItem(KEPT + key, JSON.stringify(value)); } catch { /* no storage: a reload forgets the files */ } },
    drop(key) { try { sessionStorage.removeItem(KEPT + key); } catch { /* nothing kept */ } },
  };

  class Final extends Error {} // what trying again would not change

  // Seconds go by, or the network comes back, whichever is first.
  const pause = (ms) => new Promise((go) => { setTimeout(go, ms); addEventListener("online", go, { once: true }); });

  function field(box) {
    const form = box.closest("form");
    const input = box.querySelector("input[type=file]");
    const list = box.querySelector("[data-sent]");
    const bar = form.querySelector(".bar"); // beside the button: the field itself may be on another step
    const told = bar ? element("p", { className: "told", hidden: true }) : box.querySelector("[data-told]");
    if (bar) { told.setAttribute("role", "status"); bar.prepend(told); }
    const keyField = form.querySelector("[name=upload_key]");
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    const memory = form.dataset.draft; // only the form of a QR code is kept over a reload
    const items = new Set();
    let queue = Promise.resolve();
    let warned = false;

    const busy = () => [...items].filter((item) => item.state === "sending").length;
    const tell = (text) => { told.textContent = text; told.hidden = !text; };
    const keep = () => {
      if (memory === undefined) return;
      const kept = [...items].filter((item) => item.where && item.state !== "failed").map(({ where, name, size }) => ({ where, name, size }));
      if (kept.length) store.write(memory, { key: keyField.value, kept }); else store.drop(memory);
    };

    async function call(method, where, headers = {}, body = undefined) {
      const mine = { "Tus-Resumable": "1.0.0", "X-CSRFToken": token.value, ...(keyField && keyField.value && { "X-Upload-Key": keyField.value }) };
      const answer = await fetch(where, { method, headers: { ...mine, ...headers }, body, credentials: "same-origin", cache: "no-store", redirect: "error" });
      if (answer.ok || answer.status === 409 || answer.status === 460) return answer;
      if (answer.status >= 500 && answer.status !== 507) throw new Error(String(answer.status));
      let said = "";
      try { said = (await answer.json()).detail; } catch { /* HEAD has no body */ }
      throw new Final(said || "上传已失效，请重新选择文件。");
    }

    const progress = (item, sent) => {
      item.bar.value = Math.round((100 * sent) / item.size);
      item.said.textContent = sent < item.size ? `${item.bar.value}%` : words(item.size);
    };

    async function begin(item) {
      const ticket = box.dataset.ticket ? `,ticket ${base64(box.dataset.ticket)}` : "";
      const answer = await call("POST", box.dataset.uploads, { "Upload-Length": String(item.size), "Upload-Metadata": `filename ${base64(item.name)}${ticket}` });
      bind(item, new URL(answer.headers.get("Location"), location.href).pathname);
    }

    function bind(item, where) {
      item.where = where;
      item.row.append(element("input", { type: "hidden", name: "files", value: where.split("/").at(-2) }));
      keep();
    }

    const reached = async (item) => Number((await call("HEAD", item.where)).headers.get("Upload-Offset"));

    async function carry(item) {
      if (!item.where) { await begin(item); item.offset = 0; } else item.offset = await reached(item);
      progress(item, item.offset);
      while (item.offset < item.size && item.state === "sending") {
        const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(item.offset) };
        const answer = await call("PATCH", item.where, headers, item.file.slice(item.offset, item.offset + PIECE));
        item.offset = answer.ok ? Number(answer.headers.get("Upload-Offset")) : await reached(item);
        item.wait = 1000;
        progress(item, item.offset);
      }
    }

    async function send(item) {
      while (item.state === "sending") {
        try {
          await carry(item);
          if (item.state === "sending") done(item);
        } catch (error) {
          if (item.state !== "sending") return;
          if (error instanceof Final) { fail(item, error.message); return; }
          item.said.textContent = "网络不稳，正在重试";
          await pause(item.wait);
          item.wait = Math.min(item.wait * 2, SLOWEST);
        }
      }
    }

    function done(item) {
      item.state = "done";
      item.row.className = "done";
      item.bar.hidden = true;
      item.said.textContent = `${words(item.size)}，已传完`;
      if (!busy()) { tell(""); warned = false; }
    }

    function fail(item, text) {
      item.state = "failed";
      item.row.className = "bad";
      item.bar.hidden = true;
      item.said.textContent = text;
      item.row.querySelectorAll("input").forEach((one) => one.remove());
      keep();
    }

    function remove(item) {
      const where = item.state !== "failed" && item.where;
      item.state = "gone";
      items.delete(item);
      item.row.remove();
      keep();
      if (where) call("DELETE", where).catch(() => { /* it goes by itself within a day */ });
      input.focus();
    }

    // `row`: one that the server or a reload has listed already.
    function listed(name, size, row = element("li")) {
      const item = { name, size, row, state: "listed", where: "", offset: 0, wait: 1000 };
      item.bar = element("progress", { max: 100, value: 0, hidden: true });
      item.said = row.querySelector("small") || element("small");
      item.bar.setAttribute("aria-label", `${name} 上传进度`);
      if (!row.isConnected) { row.append(element("span", { textContent: name }), item.said); list.append(row); }
      item.said.before(item.bar);
      const button = row.querySelector("button") || element("button", { className: "btn small", textContent: "移除" });
      button.type = "button";
      button.setAttribute("aria-label", `移除 ${name}`);
      button.addEventListener("click", () => remove(item));
      row.append(button);
      items.add(item);
      return item;
    }

    function start(item, file) {
      Object.assign(item, { file, state: "sending" });
      item.row.className = "";
      item.bar.hidden = false;
      item.said.textContent = "等待上传";
      queue = queue.then(() => send(item));
    }

    function add(file) {
      const waiting = [...items].find((one) => one.state === "listed" && one.name === file.name && one.size === file.size);
      if (waiting) { start(waiting, file); return; }
      const taken = [...items].filter((one) => one.state !== "failed").length;
      if (taken >= Number(box.dataset.most)) { tell(`最多 ${box.dataset.most} 个文件，多出的没有加上。`); return; }
      const item = listed(file.name, file.size);
      if (file.size > Number(box.dataset.bytes)) fail(item, `太大，每个不超过 ${words(Number(box.dataset.bytes))}`);
      else if (!file.size) fail(item, "文件是空的");
      else start(item, file);
    }

    input.addEventListener("change", () => {
      const chosen = [...input.files];
      input.value = ""; // they are on their way: the form must not send them a second time
      tell("");
      chosen.forEach(add);
    });

    form.addEventListener("submit", (event) => {
      const open = busy();
      if (event.defaultPrevented || !open || (event.submitter && event.submitter.name === "drop_file")) return;
      if (box.hasAttribute("data-wait")) { event.preventDefault(); tell(`还有 ${open} 个文件没传完，传完再提交。`); return; }
      if (warned) return;
      warned = true;
      event.preventDefault();
      tell(`还有 ${open} 个文件没传完。可以等它传完；也可以再点一次先提交，没传完的在回执页接着传。`);
    }, true);

    for (const row of list.querySelectorAll("li[data-id]")) {
      const item = listed(row.dataset.name, Number(row.dataset.size), row);
      item.where = `${box.dataset.uploads}${row.dataset.id}/`;
      item.state = row.dataset.state === "uploading" ? "listed" : "done";
    }
    const before = memory === undefined || items.size ? null : store.read(memory);
    if (before && keyField) {
      keyField.value = before.key;
      before.kept.forEach(async ({ where, name, size }) => {
        const item = listed(name, size);
        bind(item, where);
        try {
          if ((await reached(item)) === size) done(item); else item.said.textContent = "没传完，请再选一次同一个文件接着传";
        } catch (error) { if (error instanceof Final) remove(item); }
      });
    }
  }

  const filed = document.body.dataset.draftDone;
  if (filed !== undefined) store.drop(filed);
  document.querySelectorAll("[data-uploads]").forEach(field);
  document.addEventListener("live:fresh", (event) => event.target.querySelectorAll("[data-uploads]").forEach(field)); // drawn anew
})();
