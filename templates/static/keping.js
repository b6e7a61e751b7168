// The little that a page does by itself. No state of record lives here: after any doubt the page is asked for again.
"use strict";
(() => {
  const body = document.body;

  // Live: when something changed, fetch this page again and exchange the marked parts.
  let known = body.dataset.pulse;
  let busy = false, again = false;
  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, redirect: "follow" });
      if (answer.redirected && new URL(answer.url).pathname === "/sign-in") { location.assign(answer.url); return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const parts = [...document.querySelectorAll("[data-refresh]")];
      const same = parts.length && parts.every(part => fresh.querySelector(`[data-refresh="${part.dataset.refresh}"]`));
      if (!same && body.hasAttribute("data-live")) { exchange("#page", fresh); exchange(".foot", fresh); }
      else parts.forEach(part => exchange(`[data-refresh="${part.dataset.refresh}"]`, fresh));
      exchange("#status", fresh);
      const said = fresh.querySelector("#said"), mine = document.querySelector("#said");
      if (said && mine && said.textContent.trim() !== mine.textContent.trim()) mine.textContent = said.textContent.trim();
      body.dataset.updated = String(Date.now());
    } catch { /* the stream or the poll will say when it is back */ }
    finally { busy = false; if (again) { again = false; refresh(); } }
  }
  function exchange(selector, fresh) {
    const old = document.querySelector(selector), next = fresh.querySelector(selector);
    if (!old || !next) { if (old && !next && selector === ".foot") old.remove(); return; }
    if (old.contains(document.activeElement) && document.activeElement.matches("input, select")) return;
    if (old.querySelector(".held") || old.innerHTML === next.innerHTML) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(document.adoptNode(next));
    if (focused) document.querySelector(`${selector} [href="${CSS.escape(focused)}"]`)?.focus();
  }
  function changed(count) { if (count !== known) { known = count; refresh(); } }

  if (document.querySelector("#status")) {
    let poll = 0;
    const startPolling = () => {
      if (poll) return;
      poll = setInterval(async () => {
        try {
          const answer = await fetch("/glance");
          if (answer.status === 401) { location.assign("/sign-in?next=" + encodeURIComponent(location.pathname)); return; }
          changed(String((await answer.json()).pulse));
        } catch { known = ""; }
      }, 1000);
    };
    const stream = new EventSource("/live");
    stream.onmessage = event => { clearInterval(poll); poll = 0; changed(event.data); };
    stream.onerror = () => { startPolling(); };
    addEventListener("pagehide", () => stream.close());
  }

  // One tap is one tap: a form that was sent waits for its answer.
  document.addEventListener("submit", event => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(form => delete form.dataset.sent));
  document.addEventListener("change", event => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // Hold to confirm: one second, by finger or by key.
  let timer = 0;
  const press = event => {
    const button = event.target.closest?.("[data-hold]");
    if (!button || (event.type === "keydown" && ![" ", "Enter"].includes(event.key)) || event.repeat) return;
    event.preventDefault();
    button.classList.add("held");
    timer = setTimeout(() => { button.classList.remove("held"); button.form.requestSubmit(); }, Number(button.dataset.hold));
  };
  const release = () => { clearTimeout(timer); document.querySelectorAll(".held").forEach(each => each.classList.remove("held")); };
  document.addEventListener("pointerdown", press); document.addEventListener("keydown", press);
  for (const end of ["pointerup", "pointercancel", "keyup", "blur"]) addEventListener(end, release);
  document.addEventListener("click", event => { if (event.target.closest("[data-hold]")) event.preventDefault(); });

  // PIN pad.
  document.querySelectorAll("[data-pad]").forEach(form => {
    const field = form.querySelector("input[name=pin]");
    form.addEventListener("click", event => {
      const digit = event.target.closest("[data-digit]"), erase = event.target.closest("[data-erase]");
      if (digit && field.value.length < 6) field.value += digit.dataset.digit;
      if (erase) field.value = field.value.slice(0, -1);
      if (digit && field.value.length === 6) form.requestSubmit();
    });
    field.addEventListener("input", () => { if (/^[0-9]{6}$/.test(field.value)) form.requestSubmit(); });
  });

  // The keyboard of the page: opens under a touched field, never over it; a real keyboard works beside it.
  const LETTERS = ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"], DIGITS = ["123", "456", "789", "0"];
  let keys = null;
  function openKeys(field) {
    closeKeys();
    keys = document.createElement("div");
    keys.className = "keys";
    for (const row of field.dataset.keys === "digits" ? DIGITS : LETTERS) {
      const line = document.createElement("div");
      for (const letter of row) line.append(key(letter, () => put(field, letter)));
      keys.append(line);
    }
    const last = document.createElement("div");
    if (field.dataset.keys === "letters") last.append(key("␣", () => put(field, " "), "wide", "Spasi"));
    last.append(key("⌫", () => { field.value = field.value.slice(0, -1); typed(field); }, "", "Hapus"));
    last.append(key("✓", () => { closeKeys(); if (field.type === "search") field.form.requestSubmit(); }, "wide primary", "Selesai"));
    keys.append(last);
    body.append(keys); body.classList.add("typing");
    field.scrollIntoView({ block: "center" });
  }
  function key(text, act, kind = "", label = text) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = text; button.className = kind; button.tabIndex = -1;
    button.setAttribute("aria-label", label);
    button.addEventListener("pointerdown", event => { event.preventDefault(); act(); });
    return button;
  }
  function put(field, text) { field.value += text; typed(field); }
  function typed(field) { field.dispatchEvent(new Event("input", { bubbles: true })); }
  function closeKeys() { keys?.remove(); keys = null; body.classList.remove("typing"); }
  document.addEventListener("pointerdown", event => {
    const field = event.target.closest?.("[data-keys]");
    if (field) openKeys(field); else if (keys && !event.target.closest(".keys")) closeKeys();
  });
})();
