// Two rows of figures, drawn for this page: a head whose mouth goes from a frown to a smile for pleasantness, and a body
// whose inner burst grows for excitement. The idea of pictured scales is Lang's (1980); the drawings are not.
(function (F) {
  "use strict";

  const round = (value) => Math.round(value * 100) / 100;
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 2.4, "stroke-linecap": "round" };

  function pleasantness(share) {
    const bend = 2 * share - 1; // -1 a deep frown, 1 a broad smile
    const low = 41 - 3 * bend;
    const brow = 3.5 * Math.max(0, -bend);
    const mouth = `M20 ${round(low)} Q32 ${round(low + 14 * bend)} 44 ${round(low)}`;
    return [
      F.svg("circle", { cx: 32, cy: 32, r: 26, fill: "#fff", stroke: "currentColor", "stroke-width": 2.4 }),
      F.svg("circle", { cx: 23, cy: 27, r: 2.8, fill: "currentColor" }),
      F.svg("circle", { cx: 41, cy: 27, r: 2.8, fill: "currentColor" }),
      F.svg("path", { ...line, d: `M18 ${round(20 + brow)} L27 ${round(20 - brow / 2)}` }),
      F.svg("path", { ...line, d: `M46 ${round(20 + brow)} L37 ${round(20 - brow / 2)}` }),
      F.svg("path", { ...line, d: mouth }),
    ];
  }

  function burst(share, x, y) {
    const outer = 2.5 + 14.5 * share;
    const inner = outer * (0.85 - 0.4 * share);
    const points = Array.from({ length: 24 }, (_, n) => {
      const radius = n % 2 ? inner : outer;
      const angle = (Math.PI * n) / 12;
      return `${round(x + radius * Math.sin(angle))},${round(y - radius * Math.cos(angle))}`;
    });
    return F.svg("polygon", { points: points.join(" "), fill: "currentColor" });
  }

  function excitement(share) {
    const open = 0.5 + 2.6 * share;
    const eye = (x) => F.svg("ellipse", { cx: x, cy: 13, rx: 1.9, ry: round(open), fill: "currentColor" });
    return [
      F.svg("circle", { cx: 32, cy: 13, r: 11, fill: "#fff", stroke: "currentColor", "stroke-width": 2.2 }),
      eye(28), eye(36),
      F.svg("path", { ...line, "stroke-width": 1.8, d: "M29 19 L35 19" }),
      F.svg("path", {
        d: "M8 63 L8 45 Q8 26 32 26 Q56 26 56 45 L56 63 Z", fill: "#fff", stroke: "currentColor", "stroke-width": 2.2,
      }),
      burst(share, 32, 45),
    ];
  }

  const DRAWN = { valence: pleasantness, arousal: excitement };

  /** The figure of a scale for a point from 1 to `all`. */
  F.manikin = (scale, point, all = 9) =>
    F.svg("svg", { viewBox: "0 0 64 64", class: "manikin", "aria-hidden": "true", focusable: "false" },
      DRAWN[scale]((point - 1) / (all - 1)));
})((window.FerExp = window.FerExp || {}));
