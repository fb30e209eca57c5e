/* Keeps `[data-live=URL]` fresh: asks every 10 s with the ETag of the last answer, sleeps while the page is hidden, waits
   while somebody is writing inside it, backs off when the server can't be reached. The answer is the inner HTML. */
(() => {
  "use strict";
  const EVERY = 10_000;
  const SLOWEST = 60_000;

  function follow(box) {
    let tag = box.dataset.liveTag || ""; // what the page itself was drawn from
    let wait = EVERY;
    let dirty = false;
    box.addEventListener("input", () => { dirty = true; }); // somebody has begun to answer: what they chose must not vanish
    const busy = () => dirty || box.querySelector("details[open] form, dialog[open]") || (box.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));
    const put = (html) => {
      const focused = document.activeElement instanceof HTMLAnchorElement && box.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      const top = box.scrollTop;
      const opened = [...box.querySelectorAll("details[open][id]")].map((one) => one.id);
      box.innerHTML = html;
      opened.forEach((id) => { const one = document.getElementById(id); if (one) one.open = true; });
      box.scrollTop = top;
      if (focused) { const again = [...box.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused); if (again) again.focus({ preventScroll: true }); }
      box.dispatchEvent(new CustomEvent("live:fresh", { bubbles: true }));
    };
    const ask = async () => {
      const answer = await fetch(box.dataset.live, { headers: { "X-Live": "1", ...(tag && { "If-None-Match": tag }) }, cache: "no-store", credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect" || [401, 403, 404, 410].includes(answer.status)) return false; // signed out, or no longer ours
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(String(answer.status));
        tag = answer.headers.get("ETag") || "";
        const html = await answer.text();
        if (!busy()) put(html); else tag = "";
      }
      return true;
    };
    const turn = async () => {
      let on = true;
      if (!document.hidden && !busy()) {
        try { on = await ask(); wait = EVERY; box.dataset.liveState = "on"; }
        catch { wait = Math.min(wait * 2, SLOWEST); box.dataset.liveState = "offline"; }
      }
      if (on) setTimeout(turn, wait); else box.dataset.liveState = "ended";
    };
    setTimeout(turn, EVERY);
  }

  document.querySelectorAll("[data-live]").forEach(follow);
})();
