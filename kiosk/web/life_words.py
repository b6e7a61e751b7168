"""Office Indonesian for what happened to a card, a sentence for each kind of frame. Templates translate it on."""

from __future__ import annotations

from typing import Any

from kiosk.core.frames import Frame
from kiosk.web import service_words, stock_words, words

RESULTS = {"done": "selesai", "refused": "ditolak", "not-done": "belum terjadi", "ended": "berakhir"}

SENTENCES = {
    "records": "Data orang ini datang dari pusat",
    "released": "Data dikembalikan ke pusat",
    "queue-jump": "Didahulukan: %(reason)s, disetujui %(approved)s",
    "record-held": "Ditahan, yang salah: %(wrong)s",
    "job-created": "Kartu diminta, pekerjaan %(job)s",
    "job-ended": "%(state)s, chip %(uid)s",
    "job-ended-without": "%(state)s, tanpa kartu",
    "job-resolved": "Petugas yang melihat menjawab: %(answer)s",
    "handed-over": "Diserahkan. Penerima: %(taker)s, dibuktikan dengan: %(verified)s",
    "reprint-held": "Kartu pekerjaan %(reprint_of)s dibukukan rusak: %(reason)s",
    "reprint": "Cetak ulang dari pekerjaan %(reprint_of)s: %(reason)s",
}

Said = tuple[str, dict[str, str]]
"""A sentence, and what stands in its places: keywords of `kiosk.web.words` in Indonesian, or what is no word."""


def told(frame: Frame) -> list[Said]:
    """What the frame says, without names: those are in no frame."""
    data = frame.data
    match frame.kind:
        case "step":
            return _step(data)
        case "job-ended":
            places = {"state": words.STATES[data["state"]], "uid": data.get("uid") or ""}
            return [(SENTENCES["job-ended" if data.get("uid") else "job-ended-without"], places)]
        case "job-resolved":
            return [(SENTENCES["job-resolved"], {"answer": words.VALUES.get(data["answer"], data["answer"])})]
        case "handed-over" | "reprint":
            names = ("taker", "verified", "reason", "reprint_of")
            return [
                (
                    SENTENCES["reprint-held" if "wrong" in data else frame.kind],
                    {each: words.VALUES.get(data[each], data[each]) for each in names if each in data},
                )
            ]
        case "queue-jump" | "record-held":
            return [(SENTENCES[frame.kind], _of_service(data))]
        case "stock":
            return [(stock_words.MOVEMENTS[data["movement"]], {})]
    sentence = SENTENCES.get(frame.kind, words.KINDS.get(frame.kind, frame.kind))
    return [(sentence, {name: value for name, value in data.items() if isinstance(value, str)})]


def _of_service(data: dict[str, Any]) -> dict[str, str]:
    if "wrong" in data:
        return {"wrong": ", ".join(service_words.WRONG[part] for part in data["wrong"])}
    return {"reason": service_words.JUMPS[data["reason"]], "approved": data["approved"].partition(":")[2]}


def _step(data: dict[str, Any]) -> list[Said]:
    """What became of one step; that the next one begins is said by its own outcome."""
    outcome = data.get("outcome")
    if not outcome:
        return []
    result = RESULTS[outcome["result"]]
    return [("%(step)s: %(result)s", {"step": words.STEPS[outcome["step"]], "result": result})]
