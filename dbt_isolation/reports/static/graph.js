/* Draws each graph of the page from the JSON that stands in it; what it cannot do, the tree below it says. */
(() => {
  "use strict";

  /* Above so many vertices dagre takes seconds: a plain layout by layers takes its place. */
  const MANY = 350;
  const FONT = 13;
  const WIDEST = 34;
  const LINE = 17;
  const SHAPES = {
    source: "barrel", seed: "cut-rectangle", exposure: "round-hexagon", metric: "round-hexagon",
  };

  const cut = (text) => (text.length > WIDEST ? text.slice(0, WIDEST - 1) + "…" : text);
  const shown = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "\ufffd");

  function elements(graph) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${FONT}px system-ui, sans-serif`;
    const vertices = graph.vertices.map((one, at) => {
      const lines = [cut(shown((one.sign ? one.sign + " " : "") + one.label))];
      if (one.note) lines.push(cut(shown(one.note)));
      const shape = SHAPES[one.kind] || "round-rectangle";
      const ends = shape === "round-hexagon" ? 56 : 28;
      const width = Math.max(60, ends + Math.max(...lines.map((line) => pen.measureText(line).width)));
      return {
        group: "nodes",
        data: {...one, id: "v" + at, text: lines.join("\n"), shape, width,
               height: 15 + LINE * lines.length},
        classes: [one.mark, at === graph.focus ? "focus" : ""].join(" "),
      };
    });
    /* What reads itself has no place to draw that; the text says it. */
    const edges = graph.edges.filter(([from, to]) => from !== to).map(([from, to, mark], at) => ({
      group: "edges", data: {id: "e" + at, source: "v" + from, target: "v" + to}, classes: mark || "",
    }));
    return {vertices, edges};
  }

  /* Places of the vertices, and bends of the edges, which go around vertices between their ends. */
  function byDagre(vertices, edges) {
    const graph = new dagre.graphlib.Graph({multigraph: true});
    graph.setGraph({rankdir: "LR", nodesep: 18, edgesep: 10, ranksep: 70, marginx: 10, marginy: 10});
    for (const {data} of vertices) graph.setNode(data.id, {width: data.width, height: data.height});
    for (const {data} of edges) graph.setEdge(data.source, data.target, {}, data.id);
    dagre.layout(graph);
    for (const one of vertices) {
      const {x, y} = graph.node(one.data.id);
      one.position = {x, y};
    }
    for (const {data} of edges) {
      const from = graph.node(data.source);
      const to = graph.node(data.target);
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      const length = Math.hypot(dx, dy) || 1;
      const bends = graph.edge(data.source, data.target, data.id).points.slice(1, -1);
      if (bends.length < 2) continue;
      data.weights = bends.map(({x, y}) => ((x - from.x) * dx + (y - from.y) * dy) / length ** 2);
      data.distances = bends.map(({x, y}) => ((y - from.y) * dx - (x - from.x) * dy) / length);
    }
  }

  /* Layers by the longest way from a root, sorted by where their neighbours are; in time that grows with the edges. */
  function byLayers(vertices, edges) {
    const number = new Map(vertices.map(({data}, at) => [data.id, at]));
    const below = vertices.map(() => []);
    const above = vertices.map(() => []);
    for (const {data} of edges) {
      const [from, to] = [number.get(data.source), number.get(data.target)];
      below[from].push(to);
      above[to].push(from);
    }
    const waiting = above.map((of) => of.length);
    const layer = vertices.map(() => 0);
    const order = [];
    const ready = [];
    const taken = new Set();
    const take = (at) => { taken.add(at); ready.push(at); };
    waiting.forEach((count, at) => { if (!count) take(at); });
    let next = 0;
    while (order.length < vertices.length) {
      /* A circle has no first one: any will do. */
      while (!ready.length) { if (!taken.has(next)) take(next); else next += 1; }
      const at = ready.pop();
      order.push(at);
      for (const to of below[at]) {
        if (taken.has(to)) continue;
        layer[to] = Math.max(layer[to], layer[at] + 1);
        waiting[to] -= 1;
        if (!waiting[to]) take(to);
      }
    }
    /* A root stands beside what reads it. */
    for (const at of order) {
      if (!above[at].length && below[at].length) layer[at] = Math.max(0, Math.min(...below[at].map((to) => layer[to])) - 1);
    }
    const layers = [];
    for (const at of order) (layers[layer[at]] ||= []).push(at);
    const place = vertices.map(() => 0);
    const settle = (column) => column.forEach((at, row) => { place[at] = row / column.length; });
    const columns = layers.filter(Boolean);
    columns.forEach(settle);
    for (let sweep = 0; sweep < 6; sweep += 1) {
      const beside = sweep % 2 ? below : above;
      for (const column of sweep % 2 ? [...columns].reverse() : columns) {
        const wish = new Map(column.map((at) => {
          const near = beside[at];
          return [at, near.length ? near.reduce((sum, one) => sum + place[one], 0) / near.length : place[at]];
        }));
        column.sort((one, other) => wish.get(one) - wish.get(other));
        settle(column);
      }
    }
    /* A layer with too many vertices goes on beside itself, so that the picture is not a thin line. */
    const rows = Math.max(12, Math.ceil(Math.sqrt(vertices.length * 5)));
    let left = 0;
    for (const column of columns) {
      const parts = Math.ceil(column.length / rows);
      const height = Math.ceil(column.length / parts);
      for (let part = 0; part < parts; part += 1) {
        const ones = column.slice(part * height, (part + 1) * height);
        const width = Math.max(...ones.map((at) => vertices[at].data.width));
        ones.forEach((at, row) => {
          vertices[at].position = {x: left + width / 2, y: (row - ones.length / 2) * 62 + (part % 2) * 20};
        });
        left += width + (part === parts - 1 ? 130 : 30);
      }
    }
  }

  /* As high as all of it is in that width, within reason; a large one needs room to move in. */
  function height(vertices, width, many) {
    const extent = (axis, size) => {
      const ends = vertices.flatMap(({data, position}) => [position[axis] - data[size] / 2, position[axis] + data[size] / 2]);
      return ends.reduce((most, one) => Math.max(most, one), -Infinity) - ends.reduce((least, one) => Math.min(least, one), Infinity);
    };
    const whole = extent("y", "height") * Math.min(1.2, (width - 48) / extent("x", "width")) + 60;
    return Math.round(Math.max(240, Math.min(whole, innerHeight * 0.7), many ? innerHeight * 0.6 : 0));
  }

  function look() {
    const page = getComputedStyle(document.documentElement);
    const colour = (name) => page.getPropertyValue("--" + name).trim();
    const marked = (mark, border, width) => ({
      selector: "node." + mark,
      style: {"background-color": colour(mark + "-fill"), "border-color": colour(mark),
              "border-style": border, "border-width": width},
    });
    return [
      {selector: "node", style: {
        shape: "data(shape)", width: "data(width)", height: "data(height)", label: "data(text)", color: colour("ink"),
        "background-color": colour("vertex"), "border-color": colour("line"), "border-width": 1,
        "font-family": "system-ui, sans-serif", "font-size": FONT, "line-height": LINE / FONT,
        "text-wrap": "wrap", "text-max-width": 1000, "text-valign": "center", "text-halign": "center",
        "min-zoomed-font-size": 5,
      }},
      {selector: "edge", style: {
        width: 1.4, "line-color": colour("line"), "target-arrow-color": colour("line"), "target-arrow-shape": "triangle",
        "arrow-scale": 0.9, "curve-style": "straight",
      }},
      {selector: "edge[weights]", style: {
        "curve-style": "round-segments", "segment-weights": "data(weights)", "segment-distances": "data(distances)",
        "segment-radii": 24, "edge-distances": "node-position",
      }},
      marked("added", "solid", 2.5),
      marked("removed", "dashed", 2),
      marked("changed", "double", 4),
      marked("affected", "dotted", 2),
      marked("broken", "solid", 4),
      {selector: "edge.added", style: {"line-color": colour("added"), "target-arrow-color": colour("added"), width: 3}},
      {selector: "edge.removed", style: {
        "line-color": colour("removed"), "target-arrow-color": colour("removed"), "line-style": "dashed", width: 2}},
      {selector: "node.focus", style: {"border-width": 3.5, "border-color": colour("ink")}},
      {selector: ".faded", style: {opacity: 0.16}},
      {selector: "edge.up, edge.down", style: {
        "line-color": colour("chosen"), "target-arrow-color": colour("chosen"), width: 2.5, "z-index": 9}},
      {selector: "node.found, node.chosen", style: {
        "underlay-color": colour("chosen"), "underlay-opacity": 0.35, "underlay-padding": 7}},
      {selector: "node.found.faded", style: {"underlay-opacity": 0.12}},
      {selector: "node.chosen", style: {"underlay-opacity": 0.65}},
    ];
  }

  function draw(section) {
    const graph = JSON.parse(section.querySelector("script").textContent);
    const picture = section.querySelector(".picture");
    const said = section.querySelector(".said");
    const count = section.querySelector(".count");
    const search = section.querySelector("input");
    const hint = said.textContent;
    const {vertices, edges} = elements(graph);
    const many = vertices.length > MANY;
    (many ? byLayers : byDagre)(vertices, edges);
    section.classList.add("drawn");
    picture.style.height = `${height(vertices, picture.clientWidth, many)}px`;
    const cy = cytoscape({
      container: picture, elements: [...vertices, ...edges], style: look(), layout: {name: "preset", fit: false},
      minZoom: 0.02, maxZoom: 3, autoungrabify: true, autounselectify: true, boxSelectionEnabled: false,
      /* What moves is drawn without its edges where there are so many that it would stutter. */
      hideEdgesOnViewport: many, textureOnViewport: many, pixelRatio: many ? 1 : "auto",
      /* The wheel scrolls the page until the picture is chosen. */
      userZoomingEnabled: false,
    });

    const middle = () => ({x: cy.width() / 2, y: cy.height() / 2});
    const whole = () => {
      cy.fit(undefined, 24);
      if (cy.zoom() > 1.2) { cy.zoom(1.2); cy.center(); }
    };
    const zoom = (by) => cy.zoom({level: cy.zoom() * by, renderedPosition: middle()});
    const show = (vertex) => {
      if (cy.zoom() < 0.8) cy.zoom(0.9);
      cy.center(vertex);
    };

    function reset() {
      cy.elements().removeClass("faded up down chosen found");
      said.textContent = hint;
      count.textContent = "";
    }

    function choose(vertex) {
      const above = vertex.predecessors();
      const below = vertex.successors();
      cy.batch(() => {
        cy.elements().removeClass("up down chosen").addClass("faded");
        vertex.removeClass("faded").addClass("chosen");
        above.removeClass("faded").addClass("up");
        below.removeClass("faded").addClass("down");
      });
      const {label, name, kind, note, mark, sign} = vertex.data();
      const parts = [`${sign ? sign + " " : ""}${label}`, kind, mark, note, name === label ? "" : name];
      parts.push(`${above.nodes().not(vertex).length} upstream, ${below.nodes().not(vertex).length} downstream`);
      said.textContent = parts.filter(Boolean).map(shown).join(" · ");
    }

    let matches = cy.collection();
    let at = -1;
    function find() {
      reset();
      const wanted = search.value.trim().toLowerCase();
      at = -1;
      matches = cy.nodes().filter((one) => ["label", "name", "note"].some((key) => one.data(key).toLowerCase().includes(wanted)));
      if (!wanted) { matches = cy.collection(); whole(); return; }
      count.textContent = `${matches.length} of ${vertices.length}`;
      if (!matches.length) return;
      cy.elements().addClass("faded");
      matches.removeClass("faded").addClass("found");
      cy.fit(matches, 60);
      if (cy.zoom() > 1.2) { cy.zoom(1.2); cy.center(matches); }
    }

    function next(by) {
      if (!matches.length) return;
      at = (at + by + matches.length) % matches.length;
      choose(matches[at]);
      show(matches[at]);
      count.textContent = `${at + 1} of ${matches.length}`;
    }

    cy.on("tap", (event) => {
      if (event.target === cy) reset();
      else if (event.target.isNode()) choose(event.target);
    });
    cy.on("tapstart", () => picture.focus({preventScroll: true}));
    cy.on("mouseover", "node", () => { picture.style.cursor = "pointer"; });
    cy.on("mouseout", "node", () => { picture.style.cursor = ""; });
    picture.addEventListener("focus", () => cy.userZoomingEnabled(true));
    picture.addEventListener("blur", () => cy.userZoomingEnabled(false));

    search.addEventListener("input", find);
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); next(event.shiftKey ? -1 : 1); }
      if (event.key === "Escape") { search.value = ""; find(); }
    });
    const does = {
      "+": () => zoom(1.3), "=": () => zoom(1.3), "-": () => zoom(1 / 1.3), "0": whole, Escape: () => { reset(); },
      ArrowLeft: () => cy.panBy({x: 60, y: 0}), ArrowRight: () => cy.panBy({x: -60, y: 0}),
      ArrowUp: () => cy.panBy({x: 0, y: 60}), ArrowDown: () => cy.panBy({x: 0, y: -60}),
      "/": () => search.focus(),
    };
    picture.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !does[event.key]) return;
      event.preventDefault();
      does[event.key]();
    });
    for (const button of section.querySelectorAll("button")) {
      button.addEventListener("click", () => does[button.value]());
    }

    new ResizeObserver(() => cy.resize()).observe(picture);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => cy.style(look()));
    whole();
    section.querySelector("details").open = false;
  }

  for (const section of document.querySelectorAll("section.graph")) draw(section);
})();
