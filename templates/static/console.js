// Shows what GET /world says, three times a second, and sends what is pressed. Keeps nothing.
"use strict";
(() => {
  const WORDS = JSON.parse(document.body.dataset.words);
  const $ = id => document.getElementById(id);
  const EVERY_MS = 300;

  function words(key) { return WORDS[key] ?? [key, ""]; }
  function say(node, key, kind) {
    const [id, en] = words(key), text = `${id}|${en}`;
    if (node.dataset.said === text + kind) return;
    node.dataset.said = text + kind;
    node.replaceChildren(id, " ", small(en));
    if (kind !== undefined) node.className = `pill ${kind}`;
  }
  function small(text) {
    const node = document.createElement("small");
    node.lang = "en"; node.textContent = text;
    return node;
  }
  function put(node, text) { text = String(text); if (node.textContent !== text) node.textContent = text; }
  function show(image, address) {
    image.hidden = !address;
    if (address && image.getAttribute("src") !== address) {
      const next = new Image();
      next.onload = () => { image.src = address; };
      next.src = address;
    }
  }
  function row(tag, ...children) {
    const node = document.createElement(tag);
    node.append(...children);
    return node;
  }
  function cell(text, kind) { const node = row("td", String(text)); node.className = kind; return node; }

  function pills(world) {
    const { station, centre, printer } = world;
    say($("station-state"), station.state, station.state === "running" ? "ok" : station.state === "starting" ? "warn" : "bad");
    say($("link-state"), `link-${centre.link}`, centre.link === "up" ? "ok" : "warn");
    say($("power-state"), printer.powered ? "power-on" : "power-off", printer.powered ? "ok" : "bad");
  }

  function lane(world) {
    const { path, trays, printer } = world;
    const at = Object.fromEntries(world.rows.map(each => [each.place, each.world]));
    put($("n-shelf"), at.shelf); put($("n-hopper"), at.hopper);
    $("stack").style.height = `${2 + Math.min(70, at.hopper * 0.7)}px`;
    for (const name of ["output", "reject", "by-hand"]) {
      put($(`n-${name}`), trays[name].count);
      pile($(name), trays[name].cards.slice(0, 4));
    }
    const traveller = $("traveller");
    show(traveller, path?.picture);
    if (path) traveller.dataset.where = path.where; else delete traveller.dataset.where;
    traveller.classList.toggle("jammed", Boolean(path?.jammed));
    document.querySelectorAll(".stop").forEach(stop => stop.classList.toggle("here", !path?.moving && path?.where === stop.dataset.at));
    document.body.classList.toggle("dark", !printer.powered);
  }
  function pile(node, cards) {
    const key = cards.map(card => card.picture).join();
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.replaceChildren(...cards.map(card => {
      const image = new Image();
      image.src = card.picture; image.alt = `kartu ${card.number}`; image.title = `kartu / card ${card.number}`;
      return image;
    }));
  }

  function face(path) {
    put($("card-title"), path ? `Kartu ${path.number}` : "Kartu");
    const [id, en] = words(path ? (path.jammed ? "jammed" : path.where) : "empty");
    put($("card-where"), `${id} · ${en}`);
    show($("card"), path?.picture);
    $("no-card").hidden = Boolean(path);
    $("head").hidden = !path?.head;
    if (path?.head) $("head").style.left = `${path.head.part * 100}%`;
    const parts = Object.fromEntries((path?.panels ?? []).map(panel => [panel.name, panel.part]));
    document.querySelectorAll("#panels li").forEach(item => {
      item.firstElementChild.style.setProperty("--part", `${(parts[item.dataset.panel] ?? 0) * 100}%`);
    });
  }

  function chip(path, next) {
    put($("uid"), path ? path.chip.uid.replace(/(..)(?=.)/g, "$1 ") : "");
    put($("flaw"), path?.chip.flaw ? words(path.chip.flaw).join(" · ") : "");
    const files = path?.chip.files ?? [];
    if ($("files").children.length !== files.length) $("files").replaceChildren(...files.map(() => row("li", row("b"), row("i"), row("span"))));
    files.forEach((file, index) => {
      const item = $("files").children[index], [name, bar, bytes] = item.children;
      put(name, file.name);
      bar.style.setProperty("--part", `${Math.min(100, (file.bytes / file.size) * 100)}%`);
      put(bytes, file.bytes ? `${file.bytes} B / ${file.size}` : `– / ${file.size}`);
      item.classList.toggle("written", file.bytes > 0);
    });
    const flaw = next?.flaw ? `: ${words(next.flaw).join(" · ")}` : "";
    put($("next"), next ? `Berikutnya kartu ${next.number} · next${flaw}` : "Wadah kosong · the hopper is empty");
    $("next").classList.toggle("bad", Boolean(next?.flaw));
  }

  function printer(state, desk) {
    put($("cards"), state.counters.cards); put($("n-panels"), state.counters.panels); put($("ribbon"), state.ribbon.left);
    const facts = [[state.cover_open, "cover-is-open"], [!state.cable, "cable-is-out"], [state.armed.length > 0, "armed"]].filter(([is]) => is).map(([, key]) => key);
    const laid = desk ? [[`kartu ${desk} ${words("on-desk").join(" · ")}`, ""]] : [];
    const bits = [...laid, ...facts.map(key => [words(key).join(" · "), "warn"]), ...state.bits.map(bit => [bit, "bad"]), ...state.state.map(bit => [bit, ""])];
    const key = JSON.stringify(bits);
    if ($("bits").dataset.key === key) return;
    $("bits").dataset.key = key;
    $("bits").replaceChildren(...bits.map(([text, kind]) => { const node = row("span", text); node.className = kind; return node; }));
  }

  function ledger(world) {
    const { station, centre, ledgers, path } = world;
    say($("ledgers"), ledgers, ledgers === "same" ? "ok" : ledgers === "different" ? "bad" : "warn");
    const stale = station.fresh ? "number" : "number stale";
    let unbooked = false;
    $("rows").replaceChildren(...world.rows.map(each => {
      const [id, en] = words(each.place);
      const same = each.station === each.world;
      if (each.place === "hopper" || each.place === "shelf") unbooked ||= !same && !path;
      const line = row("tr", row("th", id, small(en)), cell(each.station, stale), cell(each.centre, "number"), cell(each.world, "number"),
        cell(same ? "=" : "≠", `mark ${same ? "ok" : "bad"}`));
      line.className = same ? "" : path || !station.fresh ? "moving" : "differs";
      return line;
    }));
    put($("seq-station"), station.seq); put($("seq-centre"), centre.seq);
    put($("head-station"), station.head); put($("head-centre"), centre.head);
    const waits = station.holdup.length ? `Stasiun menunggu · the station waits: ${station.holdup.join(", ")}` : "";
    put($("hint"), unbooked ? words("hint-hopper").join(" ") : waits);
    $("hint").classList.toggle("warn", unbooked);
  }

  function events(entries) {
    const key = entries.map(entry => entry.number).join();
    if ($("events").dataset.key === key) return;
    $("events").dataset.key = key;
    $("events").replaceChildren(...entries.map(entry => {
      const [id, en] = words(entry.kind);
      const text = row("span", [id, entry.detail].filter(Boolean).join(" "), " ", small(en));
      if (document.querySelector(`[data-verb="${CSS.escape(entry.kind)}"]`)) text.className = "done-by-hand";
      return row("li", row("span", entry.card ? `#${entry.card}` : ""), text);
    }));
  }

  async function look() {
    try {
      const world = await (await fetch("/world")).json();
      pills(world); lane(world); face(world.path); chip(world.path, world.next); printer(world.printer, world.desk); ledger(world); events(world.events);
      document.body.dataset.updated = String(Date.now());
    } catch { /* asked again in a moment */ }
    setTimeout(look, EVERY_MS);
  }

  function toast(key) {
    const [id, en] = words(key);
    $("toast").replaceChildren(id, " ", small(en));
    $("toast").hidden = false;
    setTimeout(() => { $("toast").hidden = true; }, 4000);
  }
  document.addEventListener("click", async event => {
    const button = event.target.closest("[data-verb]");
    if (!button || button.disabled) return;
    button.disabled = true;
    try {
      const answer = await fetch(`/do/${button.dataset.verb}`, { method: "POST" });
      if (!answer.ok) toast((await answer.json()).reason);
    } catch { toast("no-station"); }
    finally { button.disabled = false; }
  });

  look();
})();
