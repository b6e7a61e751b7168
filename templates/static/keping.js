// The little that a page does by itself. No state of record lives here: after any doubt the page is asked for again.
"use strict";
(() => {
  const find = selector => document.querySelector(selector);

  // The second tap of a double tap meets what the first one has brought, and a finger that is on its way what has just
  // been exchanged: until that can't be any more, nothing that sends a form is touched.
  const SETTLE_MS = 400;
  let settled = 0;
  function settle() {
    document.body.classList.add("settling");
    clearTimeout(settled);
    settled = setTimeout(() => document.body.classList.remove("settling"), SETTLE_MS);
  }
  settle();

  // Live: when something changed, fetch this page again and exchange the marked parts.
  let known = document.body.dataset.pulse;
  let busy = false, again = false, later = 0;
  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, redirect: "follow" });
      reached();
      if (answer.redirected && new URL(answer.url).pathname === "/sign-in") { if (!errand) location.assign(answer.url); return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const bar = fresh.querySelector("#status");
      if (bar) idleIn(Number(bar.dataset.left));
      const parts = [...document.querySelectorAll("[data-refresh]")];
      const same = parts.length && names(document) === names(fresh);
      if (!same && document.body.hasAttribute("data-live")) { exchange("#page", fresh); exchange(".foot", fresh); }
      else parts.forEach(part => exchange(`[data-refresh="${part.dataset.refresh}"]`, fresh));
      exchange("#status", fresh);
      const said = fresh.querySelector("#said"), mine = find("#said");
      if (said && mine && said.textContent.trim() !== mine.textContent.trim()) mine.textContent = said.textContent.trim();
      document.body.dataset.updated = String(Date.now());
    } catch { missed(); clearTimeout(later); later = setTimeout(refresh, 1000); }
    finally { busy = false; if (again) { again = false; refresh(); } }
  }
  function names(page) { return [...page.querySelectorAll("[data-refresh]")].map(part => part.dataset.refresh).join(); }
  const taps = part => [...part.querySelectorAll("form[method=post] button")].map(each => each.textContent.trim()).join();
  function exchange(selector, fresh) {
    const old = find(selector), next = fresh.querySelector(selector);
    if (!old || !next) { if (old && !next && selector === ".foot") old.remove(); return; }
    if (old.contains(document.activeElement) && document.activeElement.matches("input, select")) return;
    if (old.querySelector(".held") || old.innerHTML === next.innerHTML) return;
    if (taps(old) !== taps(next)) settle();
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(document.adoptNode(next));
    if (focused) find(`${selector} [href="${CSS.escape(focused)}"]`)?.focus();
  }
  function changed(count) { if (count !== known) { known = count; refresh(); } }

  // By the stream at once; while there is none, by asking once a second. What can't be asked is not called true.
  let stream = null, poll = 0, misses = 0;
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
    } catch { known = ""; missed(); }
  }
  function reached() { misses = 0; find("#lost").hidden = find("#kept").hidden = true; }
  function missed() { misses += 1; if (misses > 1) find("#lost").hidden = false; }
  function lock() { if (!errand) location.assign("/sign-in?next=" + encodeURIComponent(location.pathname + location.search)); }
  if (find("#status")) {
    listen();
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", event => { if (event.persisted) { listen(); refresh(); } });
  }
  setInterval(() => { if (find("[data-poll]")) refresh(); }, 2000);

  // The page is left only for an answer: what is tapped while the station is away waits on the page as it is, then goes
  // on by itself. A form is sent from here, with its key, so that a lost answer is asked for again.
  const ASK_MS = 3000, ANSWER_MS = 60000, RETRY_MS = 500;
  let errand = null;
  function leave(ask, form = null) {
    if (errand && (errand.sent || (errand.form && !form))) return;  // one tap is one tap; no link overtakes a form
    const begins = !errand || errand.gone;
    errand = { ask, form, sent: false, gone: false };
    if (begins) attempt();
  }
  async function attempt() {
    let goOn;
    try {
      await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
      reached();
      errand.sent = Boolean(errand.form);
      goOn = await errand.ask();
    } catch {
      misses = 1; missed();
      find("#kept").hidden = !errand.form;
      setTimeout(attempt, RETRY_MS);
      return;
    }
    errand.gone = true;  // and stays so until the page is: nothing else may lead away from it meanwhile
    goOn();
  }
  function follow(address) { leave(async () => () => location.assign(address)); }
  function send(form, fields) {
    leave(async () => {
      const asked = fetch(form.getAttribute("action"), { method: "POST", body: fields, signal: AbortSignal.timeout(ANSWER_MS) });
      asked.catch(() => fields.set("again", "1"));  // it may have arrived: who is asked to send it once more is told so
      const answer = await asked;
      if (answer.redirected) return () => location.assign(answer.url);
      const text = await answer.text();
      return () => show(text);
    }, form);
  }
  function show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    errand = null;
    closeKeys();
    document.title = fresh.title;
    document.body.replaceWith(document.adoptNode(fresh.body));
    settle();
    if (find("#status")) idleIn(Number(find("#status").dataset.left));
    find("main [autofocus]")?.focus();
  }
  document.addEventListener("submit", event => {
    const form = event.target, fields = new URLSearchParams(new FormData(form, event.submitter));
    event.preventDefault();
    // The page in the other language is this one: what a form was answered with has no address to come back to.
    if (fields.has("back")) fields.set("back", location.pathname + location.search);
    // Not form.method, nor form.action: a field of that name, as that of a destruction, would stand in their place.
    if (form.getAttribute("method") === "post") send(form, fields); else follow(`${form.getAttribute("action")}?${fields}`);
  });
  document.addEventListener("click", event => {
    const link = event.target.closest("a[href]");
    if (!link || link.getAttribute("href").startsWith("#") || event.ctrlKey || event.shiftKey || event.metaKey) return;
    event.preventDefault();
    follow(link.href);
  });
  addEventListener("pageshow", event => { if (event.persisted) errand = null; });
  document.addEventListener("change", event => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // The idle end is the server's; any touch puts it off, and half a minute before it the screen asks.
  let endsAt = Infinity, told = performance.now();
  function idleIn(seconds) { endsAt = performance.now() + seconds * 1000; tick(); }
  function tick() {
    const idle = find("#idle");
    if (!idle) return;
    const left = Math.ceil((endsAt - performance.now()) / 1000);
    if (left > Number(idle.dataset.warn)) { idle.close(); return; }
    find("#idle-left").textContent = Math.max(0, left);
    if (!idle.open) idle.showModal();
    if (left <= 0) glance();
  }
  function stay() { told = performance.now(); find("#idle").close(); glance("/stay"); }
  if (find("#status")) idleIn(Number(find("#status").dataset.left));
  setInterval(tick, 1000);
  document.addEventListener("click", event => { if (event.target.closest("#idle")) stay(); });
  document.addEventListener("keydown", event => { if (find("#idle")?.open) { event.preventDefault(); stay(); } });
  for (const touch of ["pointerdown", "keydown"])
    document.addEventListener(touch, () => { if (find("#idle") && !find("#idle").open && performance.now() - told > 20000) stay(); });

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

  // PIN pad. Whose PIN it is may be said before or after it.
  document.addEventListener("click", event => {
    const digit = event.target.closest("[data-digit]"), erase = event.target.closest("[data-erase]");
    const field = (digit ?? erase)?.form.elements.pin;
    if (!field) return;
    if (erase) field.value = field.value.slice(0, -1);
    else if (field.value.length < 6) typed(field, field.value + digit.dataset.digit);
  });
  document.addEventListener("input", event => {
    if (event.target.matches("[data-pad] [name=pin]")) enter(event.target.form);
  });
  document.addEventListener("change", event => { if (event.target.matches("[name=person]")) enter(event.target.form); });
  function enter(form) {
    if (!/^[0-9]{6}$/.test(form.elements.pin.value)) return;
    if (find("[name=person]") && !find("[name=person]:checked")) find("#salah").textContent = form.dataset.choose;
    else form.requestSubmit();
  }

  // The keyboard of the page: opens under a touched field, never over it; a real keyboard works beside it.
  const LETTERS = ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM.'-/"], DIGITS = ["123", "456", "789"];
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
    const erase = key(document.body.dataset.keyErase, () => { typed(field, field.value.slice(0, -1)); }, "wide");
    const ready = key(document.body.dataset.keyReady, () => { closeKeys(); if (field.type === "search") field.form.requestSubmit(); }, "wide primary");
    if (field.dataset.keys === "digits") {
      keys.children[0].append(erase); keys.children[1].append(key("0", () => put(field, "0"), "wide")); keys.children[2].append(ready);
    } else {
      const last = document.createElement("div");
      last.append(key(document.body.dataset.keySpace, () => put(field, " "), "wide"), erase, ready);
      keys.append(last);
    }
    document.body.append(keys); document.body.classList.add("typing");
    // Only the page is scrolled, and only as far as the field needs it: the bar stays where it is.
    const page = find(".page"), top = field.getBoundingClientRect().top - page.getBoundingClientRect().top;
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
  function put(field, text) { typed(field, field.value + text); }
  function typed(field, text) { field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })); }
  function closeKeys() { keys?.remove(); keys = null; document.body.classList.remove("typing"); }
  document.addEventListener("click", event => {
    const field = event.target.closest("[data-keys]");
    if (field) openKeys(field); else if (keys && !event.target.closest(".keys")) closeKeys();
  });
})();
