// Elements are made here alone: all text goes in as text, never as HTML.
(function (F) {
  "use strict";

  function filled(node, attributes, inside) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    for (const each of inside.flat(Infinity)) {
      if (each !== null && each !== undefined) node.append(each);
    }
    return node;
  }

  /** An HTML element: el("button", {class: "main", onclick: go}, "Go on"). */
  F.el = (tag, attributes, ...inside) => filled(document.createElement(tag), attributes, inside);

  /** An SVG element, which a screen reader passes over. */
  F.svg = (tag, attributes, ...inside) =>
    filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, inside);

  /** A text with its {braces} filled in. */
  F.fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));

  /** Paragraphs of a text: an empty line begins a new one; lines that begin with "- " are a list. */
  F.paragraphs = (text) =>
    String(text || "").trim().split(/\n\s*\n/).filter(Boolean).map((block) => {
      const lines = block.trim().split("\n");
      if (!lines.every((line) => line.trim().startsWith("- "))) return F.el("p", {}, block.trim());
      return F.el("ul", {}, lines.map((line) => F.el("li", {}, line.trim().slice(2))));
    });

  /** Words of the page's language; before the study has answered, those that the page came with. */
  F.words = JSON.parse((document.body && document.body.dataset.words) || "{}");
  F.word = (key, values) => F.fill(F.words[key] || key, values || {});

  /** Takes over a language: its words, how they run, and what screen readers and browsers are told. */
  F.speak = ({ lang, dir, page }) => {
    Object.assign(F.words, page);
    document.documentElement.lang = lang;
    document.documentElement.dir = dir || "ltr";
  };

  /** Puts a new screen in place; its heading gets the focus, so that a screen reader begins there. */
  F.show = (place, ...inside) => {
    place.replaceChildren(...inside);
    window.scrollTo(0, 0);
    const start = place.querySelector("[data-focus]");
    if (start) start.focus({ preventScroll: true });
  };
})((window.FerExp = window.FerExp || {}));
