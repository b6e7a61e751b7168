// A signature on glass: strokes of points in thousandths of the pad's width, "x,y x,y;x,y", in a hidden field.
"use strict";
(() => {
  const pad = document.querySelector("canvas[data-sign]");
  if (!pad) return;
  const form = document.querySelector("#serah"), field = form.elements[pad.dataset.sign];
  const unsigned = form.elements.unsigned, send = form.querySelector(".primary");
  const MOST = 2600;  // points, 9 characters each at most: the station takes 24,000 characters
  const ink = pad.getContext("2d");
  const scale = pad.width / 1000;
  let strokes = [], points = 0, drawing = null;
  ink.lineWidth = 5; ink.lineCap = ink.lineJoin = "round"; ink.strokeStyle = getComputedStyle(pad).color;

  const point = event => {
    const box = pad.getBoundingClientRect(), unit = 1000 / box.width;
    const within = (value, most) => Math.round(Math.min(Math.max(value, 0), most) * unit);
    return [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height)];
  };
  const changed = () => {
    field.value = strokes.map(stroke => stroke.map(each => each.join(",")).join(" ")).join(";");
    send.disabled = !field.value && !unsigned.checked;
  };
  pad.addEventListener("pointerdown", event => {
    if (drawing !== null || points >= MOST) return;
    pad.setPointerCapture(event.pointerId);
    drawing = event.pointerId;
    const [x, y] = point(event);
    strokes.push([[x, y]]); points += 1;
    ink.beginPath(); ink.moveTo(x * scale, y * scale); ink.lineTo(x * scale, y * scale); ink.stroke();
  });
  pad.addEventListener("pointermove", event => {
    if (event.pointerId !== drawing) return;
    const stroke = strokes.at(-1), [x, y] = point(event), [a, b] = stroke.at(-1);
    if (Math.abs(x - a) + Math.abs(y - b) < 6 || points >= MOST) return;
    stroke.push([x, y]); points += 1;
    ink.lineTo(x * scale, y * scale); ink.stroke();
  });
  const end = event => { if (event.pointerId === drawing) { drawing = null; changed(); } };
  pad.addEventListener("pointerup", end); pad.addEventListener("pointercancel", end);
  document.querySelector("[data-sign-clear]").addEventListener("click", () => {
    strokes = []; points = 0; ink.clearRect(0, 0, pad.width, pad.height); changed();
  });
  unsigned.addEventListener("change", changed);
  // Asked here, while the signature stands: the station's refusal would be another page.
  const taker = form.elements.taker, name = form.elements.namedItem("name");
  const named = () => { name.required = taker.value === "representative"; };
  for (const each of taker) each.addEventListener("change", named);
  named();
  changed();
})();
