// The page of `d2nn graph`: zoom and pan, details of nodes, decisions and the path that follows from them (docs/language.md,
// "Semantics, per sample"). Reads the JSON of the element #network; every text is set as text, never as HTML.
"use strict";
(() => {
  const network = JSON.parse(document.getElementById("network").textContent);
  const byId = (id) => document.getElementById(id);
  const svg = document.querySelector("#drawing svg");
  const controls = network.nodes.map((node, index) => ({node, index})).filter((c) => c.node.kind === "control");
  const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  const percent = (share) => (share > 0 && share < 0.001 ? "<0.1 %" : `${+(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`);

  function element(name, text, parent) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  // ---- What a sample executes when the control nodes decide as in `chosen` (by node: number of the action).

  function execute(chosen) {
    const executed = network.nodes.map(() => false);
    const targeted = network.nodes.map(() => false);
    const activated = network.nodes.map(() => false);
    for (const {node} of controls) for (const action of node.actions) for (const target of action.targets) targeted[target] = true;
    const isNull = (edge) => !executed[network.edges[edge].source] && network.edges[edge].default === undefined;
    const inputIsNull = (input) => (input.join === "first" || input.join === "last" ? input.edges.every(isNull) : input.edges.some(isNull));
    for (const index of network.order) {
      const node = network.nodes[index];
      executed[index] = !node.inputs.some(inputIsNull) && (!targeted[index] || activated[index]);
      if (!executed[index] || node.kind !== "control") continue;
      for (const target of node.actions[chosen[index] ?? 0].targets) activated[target] = true;
    }
    return executed;
  }

  // ---- The path

  let chosen = null;  // by node; null: none is shown

  function mark(id, state) {
    const part = byId(id);
    if (!part) return;
    part.classList.toggle("on", state === true);
    part.classList.toggle("off", state === false);
  }

  function show() {
    svg.classList.toggle("path", chosen !== null);
    const executed = chosen && execute(chosen);
    network.nodes.forEach((node, index) => mark(`n${index}`, executed ? executed[index] : null));
    network.edges.forEach((edge, index) => {
      const carries = executed && (executed[edge.source] || edge.default !== undefined);
      mark(`e${index}`, executed ? Boolean(carries && executed[edge.target]) : null);
      byId(`e${index}`)?.classList.toggle("instead", Boolean(executed && !executed[edge.source]));  // carries its default
    });
    for (const {node, index} of controls) {
      node.actions.forEach((action, a) => {
        for (let t = 0; t < Math.max(1, action.targets.length); ++t)
          mark(`a${index}_${a}_${t}`, executed ? executed[index] && (chosen[index] ?? 0) === a : null);
      });
    }
    for (const part of svg.querySelectorAll("g[id^=x], g[id^=y]")) {  // connectors between rows
      const source = Number(/\d+/.exec(part.id)[0]);
      mark(part.id, executed ? executed[source] : null);
    }
    showChoices(executed);
    showRows(executed);
    const taken = byId("taken");
    if (!executed) {
      taken.textContent = controls.length ? "Click an action, or a row of the paths, to see what is executed." : "No decisions: every node executes.";
      return;
    }
    const cost = network.nodes.reduce((sum, node, index) => sum + (executed[index] ? node.cost : 0), 0);
    const empty = network.nodes.filter((node, index) => node.kind === "output" && !executed[index]).map((node) => node.name);
    taken.textContent = `This path: ${grouped(cost)} multiplications, ${percent(network.greatest_cost ? cost / network.greatest_cost : 0)} of the greatest cost` +
      (empty.length ? `; null: ${empty.join(", ")}` : "");
  }

  /** Without decisions of its own a control node takes its first action, or with a trace the most frequent one. */
  function usual({node}) {
    let best = 0;
    node.actions.forEach((action, a) => { if ((action.frequency ?? 0) > (node.actions[best].frequency ?? 0)) best = a; });
    return best;
  }

  function choose(index, action) {
    if (chosen === null) {
      chosen = {};
      for (const control of controls) chosen[control.index] = usual(control);
    }
    chosen[index] = action;
    show();
  }

  function chooseAll(decisions) {
    chosen = {};
    controls.forEach(({index}, position) => { chosen[index] = decisions[position] ?? 0; });
    show();
  }

  // ---- The list of decisions, presets, rows of the paths

  const choices = [];

  function makeChoices() {
    const list = byId("decisions");
    if (controls.length) element("h3", "Decisions", list);
    for (const {node, index} of controls) {
      const line = element("div", undefined, list);
      element("b", node.name, line);
      const buttons = node.actions.map((action, a) => {
        const button = element("button", action.name, line);
        button.addEventListener("click", () => choose(index, a));
        return button;
      });
      choices.push({index, line, buttons});
    }
    for (const [name, decisions] of Object.entries(network.presets)) {
      if (!controls.length) break;
      element("button", name, byId("presets")).addEventListener("click", () => chooseAll(decisions));
    }
    byId("clear").addEventListener("click", () => { chosen = null; show(); });
  }

  function showChoices(executed) {
    for (const {index, line, buttons} of choices) {
      line.classList.toggle("skipped", Boolean(executed) && !executed[index]);
      buttons.forEach((button, a) => button.classList.toggle("on", Boolean(executed) && executed[index] && chosen[index] === a));
    }
  }

  const rows = [...document.querySelectorAll("#paths tbody tr")].map((row) => ({
    row, decisions: row.dataset.decisions.split(",").map((text) => (text === "" ? null : Number(text)))}));

  function showRows(executed) {
    for (const {row, decisions} of rows) {
      const fits = executed && controls.every(({index}, position) => (executed[index] ? decisions[position] === chosen[index] : decisions[position] === null));
      row.classList.toggle("on", Boolean(fits));
    }
  }

  // ---- Details of a node

  function showDetails(index) {
    const node = network.nodes[index];
    const panel = byId("details");
    panel.replaceChildren();
    element("h3", `${node.kind} ${node.name}`, panel);
    if (node.doc) element("p", node.doc, panel).className = "doc";
    const share = node.cost ? `, ${grouped(node.cost)} multiplications (${percent(node.share)})` : "";
    element("p", `${node.shape}${share}${node.value === undefined ? "" : `, value ${node.value}`}`, panel);
    if (node.frequency !== undefined) element("p", `${percent(node.frequency)} of samples`, panel);
    for (const input of node.inputs) {
      const sources = input.edges.map((edge) => {
        const {source, default: value} = network.edges[edge];
        return network.nodes[source].name + (value === undefined ? "" : ` (default ${value})`);
      });
      element("p", `${input.name ? `${input.name}: ` : "from "}${sources.join(", ")}${input.join === "none" ? "" : `, join ${input.join}`}`, panel);
    }
    if (!node.layers.length) return;
    const table = element("table", undefined, panel);
    for (const layer of node.layers) {
      const row = element("tr", undefined, table);
      const cell = element("td", layer.text, row);
      for (const words of [layer.shape, ...layer.parameters]) element("div", words, cell).className = "doc";
      element("td", layer.cost ? grouped(layer.cost) : "", row).className = "n";
    }
  }

  // ---- Zoom and pan: the view is the SVG's viewBox.

  const whole = svg.viewBox.baseVal;
  const full = {x: whole.x, y: whole.y, width: whole.width, height: whole.height};
  let view = {...full};
  const setView = () => svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);

  /** A small drawing gets a low stage, but never lower than the list beside it can be read. */
  function setStage() {
    const height = 1.1 * svg.clientWidth * full.height / full.width;
    byId("stage").style.setProperty("--stage", `${Math.round(Math.min(Math.max(height, 320), 0.66 * window.innerHeight))}px`);
  }

  function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
    const limited = Math.min(Math.max(factor, full.width / 200 / view.width), (2 * full.width) / view.width, (2 * full.height) / view.height || 1);
    view = {x: x + (view.x - x) * limited, y: y + (view.y - y) * limited, width: view.width * limited, height: view.height * limited};
    setView();
  }

  function pointOf(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return point;
  }

  function makeMovable() {
    let held = null;
    let moved = false;
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      const point = pointOf(event);
      zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, point.x, point.y);
    }, {passive: false});
    svg.addEventListener("pointerdown", (event) => { held = pointOf(event); moved = false; });
    svg.addEventListener("pointermove", (event) => {
      if (!held || !event.buttons) return;
      const point = pointOf(event);
      if (Math.hypot(point.x - held.x, point.y - held.y) > view.width / 300) moved = true;
      if (!moved) return;
      view.x += held.x - point.x;
      view.y += held.y - point.y;
      setView();
    });
    svg.addEventListener("pointerup", () => { held = null; });
    svg.addEventListener("click", (event) => {
      if (moved) return;
      const action = event.target.closest(".edge.action");
      const parts = action && /^a(\d+)_(\d+)_\d+$/.exec(action.id);
      if (parts) choose(Number(parts[1]), Number(parts[2]));
    });
    byId("closer").addEventListener("click", () => zoom(1 / 1.4));
    byId("farther").addEventListener("click", () => zoom(1.4));
    byId("fit").addEventListener("click", () => { view = {...full}; setView(); });
  }

  // ---- Tables

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      let sign = 1;
      head.addEventListener("click", () => {
        const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
        const order = (a, b) => (isNaN(key(a)) || isNaN(key(b)) ? key(a).localeCompare(key(b)) : key(a) - key(b));
        sign = -sign;
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => sign * order(a, b)));
      });
    });
  }

  document.body.classList.add("live");
  byId("tools").hidden = false;
  byId("side").hidden = false;
  element("p", "Point at a node to see its layers.", byId("details"));
  makeChoices();
  makeMovable();
  setStage();
  window.addEventListener("resize", setStage);
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  for (const {row, decisions} of rows) {
    row.addEventListener("click", () => chooseAll(decisions));
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") chooseAll(decisions); });
  }
  network.nodes.forEach((node, index) => {
    const part = byId(`n${index}`);
    if (!part) return;
    part.addEventListener("pointerenter", () => showDetails(index));
    part.addEventListener("click", () => showDetails(index));
  });
  for (const row of document.querySelectorAll("#nodes tbody tr")) row.addEventListener("pointerenter", () => showDetails(Number(row.dataset.node)));
  show();
})();
