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
      const bar = fresh.querySelector("#status");
      if (bar) idleIn(Number(bar.dataset.left));
      const parts = [...document.querySelectorAll("[data-refresh]")];
      const same = parts.length && parts.every(part => fresh.querySelector(`[data-refresh="${part.dataset.refresh}"]`));
      if (!same && body.hasAttribute("data-live")) { exchange("#page", fresh); exchange(".foot", fresh); }
      else parts.forEach(part => exchange(`[data-refresh="${part.dataset.refresh}"]`, fresh));
      exchange("#status", fresh);
      const said = fresh.querySelector("#said"), mine = document.querySelector("#said");
      if (said && mine && said.textContent.trim() !== mine.textContent.trim()) mine.textContent = said.textContent.trim();
      body.dataset.updated = String(Date.now());
    } catch { setTimeout(refresh, 1000); }
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

  // By the stream at once; while there is none, by asking once a second. What can't be asked is not called true.
  const status = document.querySelector("#status");
  const lost = document.querySelector("#lost");
  let stream = null, poll = 0, missed = 0;
  function listen() {
    stream = new EventSource("/live");
    stream.onmessage = event => { clearInterval(poll); poll = 0; reached(); changed(event.data); };
    stream.onerror = () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
      if (!poll) { glance(); poll = setInterval(glance, 1000); }
    };
  }
  async function glance(path = "/glance") {
    try {
      const answer = await fetch(path);
      if (answer.status === 401) { lock(); return; }
      const now = await answer.json();
      reached();
      idleIn(now.left_s);
      changed(String(now.pulse));
    } catch { known = ""; missed += 1; if (missed > 1) lost.hidden = false; }
  }
  function reached() { missed = 0; lost.hidden = true; }
  function lock() { location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search)); }
  if (status) {
    listen();
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", event => { if (event.persisted) { listen(); refresh(); } });
  }
  if (document.querySelector("[data-poll]")) setInterval(refresh, 2000);

  // The idle end is the server's; any touch puts it off, and half a minute before it the screen asks.
  const idle = document.querySelector("#idle");
  let endsAt = Infinity, told = performance.now();
  function idleIn(seconds) { endsAt = performance.now() + seconds * 1000; tick(); }
  function tick() {
    if (!idle) return;
    const left = Math.ceil((endsAt - performance.now()) / 1000);
    if (left > Number(idle.dataset.warn)) { idle.close(); return; }
    document.querySelector("#idle-left").textContent = Math.max(0, left);
    if (!idle.open) idle.showModal();
    if (left <= 0) glance();
  }
  function stay() { told = performance.now(); idle.close(); glance("/stay"); }
  if (idle) {
    idleIn(Number(status.dataset.left));
    setInterval(tick, 1000);
    idle.addEventListener("click", stay);
    document.addEventListener("keydown", event => { if (idle.open) { event.preventDefault(); stay(); } });
    for (const touch of ["pointerdown", "keydown"])
      document.addEventListener(touch, () => { if (!idle.open && performance.now() - told > 20000) stay(); });
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
  const LETTERS = ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"], DIGITS = ["123", "456", "789"];
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
    const erase = key(body.dataset.keyErase, () => { field.value = field.value.slice(0, -1); typed(field); }, "wide");
    const ready = key(body.dataset.keyReady, () => { closeKeys(); if (field.type === "search") field.form.requestSubmit(); }, "wide primary");
    if (field.dataset.keys === "digits") {
      keys.children[0].append(erase); keys.children[1].append(key("0", () => put(field, "0"), "wide")); keys.children[2].append(ready);
    } else {
      const last = document.createElement("div");
      last.append(key(body.dataset.keySpace, () => put(field, " "), "wide"), erase, ready);
      keys.append(last);
    }
    body.append(keys); body.classList.add("typing");
    // Only the page is scrolled, and only as far as the field needs it: the bar stays where it is.
    const page = document.querySelector(".page"), top = field.getBoundingClientRect().top - page.getBoundingClientRect().top;
    if (field.getBoundingClientRect().bottom + 8 > keys.getBoundingClientRect().top) page.scrollTop += top - 56;
  }
  function key(text, act, kind = "") {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = text; button.className = kind; button.tabIndex = -1;
    // The field keeps the focus; the act comes with the click, or the click would meet what lies under the keyboard.
    button.addEventListener("pointerdown", event => event.preventDefault());
    button.addEventListener("click", act);
    return button;
  }
  function put(field, text) { field.value += text; typed(field); }
  function typed(field) { field.dispatchEvent(new Event("input", { bubbles: true })); }
  function closeKeys() { keys?.remove(); keys = null; body.classList.remove("typing"); }
  document.addEventListener("click", event => {
    const field = event.target.closest("[data-keys]");
    if (field) openKeys(field); else if (keys && !event.target.closest(".keys")) closeKeys();
  });
})();
