// How a visit ends: thanks, with a code or the way back; politely early; or with the answers as a file.
(function (F) {
  "use strict";

  const SECONDS = 5; // until the page goes back to the platform by itself

  const address = (text) => {
    try {
      const url = new URL(text);
      return ["https:", "http:"].includes(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  };

  function code(text) {
    const shown = F.el("output", { class: "code", id: "code" }, text);
    const button = F.el("button", { type: "button", class: "quiet" }, F.word("copy"));
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
      } catch { // an address without https has no clipboard
        getSelection().selectAllChildren(shown);
        document.execCommand("copy");
      }
      button.textContent = F.word("copied");
    });
    return F.el("div", { class: "finish" }, F.el("p", {}, F.word("thanks_code")), shown, button);
  }

  /** Goes back to the platform; Mechanical Turk wants a form. */
  function leave(back, fields) {
    if (!fields) return location.assign(back);
    const form = F.el("form", { method: "post", action: back, hidden: true },
      Object.entries(fields).map(([name, value]) => F.el("input", { type: "hidden", name, value })));
    document.body.append(form);
    return form.submit();
  }

  const SAID = {
    screened_out: { heading: "early", first: "early_text", saved: "early_saved" },
    full: { heading: "full", first: "full_text" },
    done: { heading: "thanks", saved: "thanks_text" },
  };

  /** The last page; `last` is {state, code, redirect, post, download}, `next` begins anew with the next person. */
  F.end = (last, { study }, next) => {
    const { heading, first, saved } = SAID[last.state] || SAID.done;
    const back = address(last.redirect);
    const inside = [
      [first, last.download ? "download_text" : saved].filter(Boolean).map((key) => F.paragraphs(F.word(key))),
      last.download ? F.file(last.download, study) : null,
      last.code ? code(last.code) : null,
      back && !last.download ? F.el("p", {}, F.word("redirect_text")) : null, // a file is saved first
      study.contact ? F.el("p", { class: "contact" }, F.word("contact", { contact: study.contact })) : null,
    ];
    const go = () => leave(back, last.post);
    const anew = next ? [{ name: "new", word: F.word("resume_new"), act: next }] : [];
    F.page("end", F.word(heading), inside, back ? [{ name: "redirect", word: F.word("redirect"), act: go }] : anew);
    if (back && !last.download) setTimeout(go, SECONDS * 1000);
  };

  const called = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);

  /** A menu of languages, each by its own name. */
  F.languages = (codes, now, change) => {
    const options = codes.map((code) => F.el("option", { value: code, lang: code, selected: code === now }, called(code)));
    return F.el("div", { class: "languages" },
      F.el("select", { "aria-label": "Language", onchange: (event) => change(event.target.value) }, options));
  };
})((window.FerExp = window.FerExp || {}));
