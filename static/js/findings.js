/* 核对清单：整套的问题按部分列出，由别处引起的折在原因下面；说明就写在问题下面。画格、跳转在 jumps.js。 */
(function (app) {
  "use strict";

  const list = document.querySelector("#findings > ul");
  if (!list) {
    return;
  }

  const panel = document.getElementById("panel-findings");
  const othersBox = document.getElementById("findings-elsewhere");
  const here = document.getElementById("findings-here");
  const noteUrl = app.settings.noteUrl;
  const LEVELS = ["error", "warning", "info"];
  const WORDS = { error: "错误", warning: "提醒", info: "提示" };
  const TONES = { error: "tone-err", warning: "tone-warn", info: "tone-info" };
  const KEPT = `ziping-notes/${app.settings.user}/${app.settings.submission}`;
  const drafts = new Map(recallDrafts()); // 正在写的说明：key → 文字
  const saved = new Map(); // 这次打开以后存好的说明：key → 几点
  const unfolded = new Set(); // 展开了“由此引起”的
  const opened = new Set(); // 展开了的别的部分
  const nodes = new Map(); // key → {json, node}，没变的不重画
  let findings = [];
  let problems = new Map();

  // ---- 说明的草稿：离开这页也留着 ----

  function recallDrafts() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) || [];
    } catch (error) {
      return [];
    }
  }

  function keepDraft(key, text) {
    if (text === null) {
      drafts.delete(key);
    } else {
      drafts.set(key, text);
    }
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(Array.from(drafts)));
    } catch (error) {
      // 本机存不下：字还在框里，存说明不受影响
    }
  }

  // ---- 排好 ----

  const page = (app.settings.whyUrl || "").replace(/why\/$/, "");

  /** 这处问题在这张表上；没有主格的算在每张表上。 */
  const isHere = (item) => !item.url || item.url === page;

  const bySeverity = (a, b) => LEVELS.indexOf(a.item.level) - LEVELS.indexOf(b.item.level);

  /** 引起它的那一处；没有、或绕一圈回到自己的为 undefined。 */
  function causeOf(item, byKey) {
    const up = (each) => each && each.because_of && byKey.get(`${each.because_of.code}|${each.because_of.cell}`);
    const seen = new Set([item.key]);
    const first = up(item);
    for (let next = first; next; next = up(next.item)) {
      if (seen.has(next.item.key)) {
        return undefined;
      }
      seen.add(next.item.key);
    }
    return first;
  }

  /** 各处问题连同由它引起的：[{item, cause, children}]，按部分、再按轻重。 */
  function tree() {
    const byKey = new Map(findings.map((item) => [item.key, { item, children: [] }]));
    const roots = [];
    byKey.forEach((node) => {
      node.cause = causeOf(node.item, byKey);
      const together = node.cause && node.cause.item.rank === node.item.rank;
      (together ? node.cause.children : roots).push(node);
    });
    return roots.sort((a, b) => a.item.rank - b.item.rank || bySeverity(a, b));
  }

  const itemNode = (key) => document.getElementById(`finding-${key}`);

  const keysOf = (root) => [root.item.key, ...[].concat(...root.children.map(keysOf))];

  /** 同一格同一编号有几处时，后面的加上序号，一处也不丢。 */
  function distinct(items) {
    const seen = new Map();
    return items.map((item) => {
      const times = (seen.get(item.key) || 0) + 1;
      seen.set(item.key, times);
      return times > 1 ? Object.assign({}, item, { key: `${item.key}|${times}` }) : item;
    });
  }

  // ---- 一处 ----

  function figures(item) {
    const line = app.element("p", "figures");
    const told = item.message.includes("应为");
    [["应为", item.expected], ["现为", item.actual], ["相差", item.diff]].forEach(([word, value]) => {
      if (value && !told) {
        line.append(app.element("span", "", `${word} `, app.element("b", "", value)));
      }
    });
    return line.childNodes.length ? [line] : [];
  }

  /** 起因在别的表上时说出来，点了就去。 */
  function causeLine(item, cause) {
    if (!cause || cause.item.rank === item.rank) {
      return [];
    }
    const go = app.button(`${cause.item.part} · ${cause.item.where}`, "link-button", () => app.jumps.jump(cause.item.key));
    return [app.element("p", "act cause", app.element("span", "meta", "起因："), go)];
  }

  /** 勾稽的另一头。 */
  function endLine(item) {
    const ends = app.jumps.endsOf(item);
    if (ends.length < 2) {
      return [];
    }
    const across = ends.some((address) => item.ends[address] !== item.url);
    const go = app.button(across ? "转到另一头 " : "看另一格 ", "btn btn-sm btn-link", () => app.jumps.otherEnd(item.key));
    go.append(app.element("kbd", "", "F9"));
    return [app.element("div", across ? "act ends across" : "act ends", go)];
  }

  function title(item, tone, name) {
    const words = app.element("span", "", app.element("span", "visually-hidden", `${WORDS[item.level]}：`), item.where);
    const button = app.button("", "finding-title", () => {});
    button.append(words, app.element("small", "", item.code || ""));
    return [app.icon(name, tone), button];
  }

  /** 豁免了的写明理由和期限；能豁免的人有一个去豁免的链接。 */
  function waiver(item) {
    if (item.waived) {
      return [app.element("p", "explained tone-ok", `已豁免：${item.waived}`)];
    }
    if (!app.settings.waiveUrl || item.level === "info" || !item.code) {
      return [];
    }
    const link = app.element("a", "meta", "豁免");
    const asked = new URLSearchParams({ code: item.code, cell: item.cells[0] });
    link.href = `${app.settings.waiveUrl}?${asked}#waive`;
    return [app.element("div", "act", link)];
  }

  function explanation(item) {
    if (item.waived) {
      return item.note ? [app.element("p", "explained", `说明：${item.note}`)] : [];
    }
    if (item.level !== "warning") {
      return [];
    }
    if (item.follows && !item.note) {
      return [app.element("p", "meta", "由别处引起，不用另写说明")];
    }
    const parts = [];
    if (item.note) {
      parts.push(app.element("p", "explained", `说明：${item.note}`));
      if (saved.has(item.key)) {
        parts.push(app.element("p", "meta", app.icon("done", "tone-ok"), ` 说明已保存 ${saved.get(item.key)}`));
      }
    }
    if (!noteUrl) {
      return parts;
    }
    if (drafts.has(item.key)) {
      parts.push(...editor(item));
      return parts;
    }
    const write = app.button(item.note ? "改说明" : "写说明", "btn btn-sm btn-outline-secondary", () => {
      keepDraft(item.key, item.note || "");
      draw();
      itemNode(item.key).querySelector("textarea").focus();
    });
    const row = app.element("div", "act", write);
    if (!item.note) {
      row.append(app.element("span", "meta", "有说明才能送审"));
    }
    parts.push(row);
    return parts;
  }

  function editor(item) {
    const id = `note-${item.key}`;
    const label = app.element("label", "form-label visually-hidden", "原因说明（给审核人看）");
    const area = app.element("textarea", "form-control");
    const message = app.element("span", "meta", "给审核人看");
    label.htmlFor = area.id = id;
    area.rows = 3;
    area.value = drafts.get(item.key);
    area.placeholder = "写原因，给审核人看";
    area.addEventListener("input", () => keepDraft(item.key, area.value));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) {
        close(item);
      }
    });
    const save = app.button("保存说明", "btn btn-sm btn-primary", () => saveNote(item, area, save, message));
    return [label, area, app.element("div", "act", message, save)];
  }

  function close(item) {
    keepDraft(item.key, null);
    draw();
    itemNode(item.key).querySelector(".act button").focus();
  }

  async function saveNote(item, area, save, message) {
    const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
    const body = new URLSearchParams({ code: item.code, cell: item.cells[0], text: area.value });
    save.disabled = true;
    message.className = "meta";
    message.textContent = "正在保存";
    try {
      const answer = await app.request(noteUrl, { method: "POST", headers, body });
      keepDraft(item.key, null);
      saved.set(item.key, answer.saved_at);
      app.emit("answer", answer);
      app.jumps.choose(item.key);
      const again = itemNode(item.key) && itemNode(item.key).querySelector(".act button");
      if (again) {
        again.focus({ preventScroll: true });
      }
    } catch (error) {
      message.className = "meta tone-err";
      message.textContent = error instanceof app.Refused ? error.message : "没有保存，请检查网络后再按一次。";
      save.disabled = false;
    }
  }

  function entry({ item, children, cause }, nested) {
    const node = app.element("li", `finding ${item.level}`);
    node.dataset.key = item.key;
    node.id = `finding-${item.key}`;
    node.append(...title(item, TONES[item.level], item.level));
    node.append(app.element("p", "", item.message), ...figures(item), ...causeLine(item, cause));
    node.append(...endLine(item), ...explanation(item), ...waiver(item));
    if (children.length) {
      const fold = app.element("details", "", app.element("summary", "", `由此引起 ${children.length} 处`));
      fold.append(app.element("ul", "", ...children.map((child) => entry(child, true))));
      fold.open = unfolded.has(item.key);
      fold.addEventListener("toggle", () => (fold.open ? unfolded.add(item.key) : unfolded.delete(item.key)));
      node.append(fold);
    }
    node.classList.toggle("current", item.key === app.jumps.current());
    return node;
  }

  /** 服务器不收的格子，排在清单最前。 */
  function problem(address, message) {
    const control = app.cells(address).find(app.isControl);
    const where = (control && control.getAttribute("aria-label")) || "这一格";
    const item = { key: `!|${address}`, code: "", level: "error", cells: [address], where, message, url: "", rank: Number(panel.dataset.rank), ends: {} };
    return { item, children: [] };
  }

  // ---- 画 ----

  function draw() {
    const active = panel.contains(document.activeElement) ? document.activeElement : null;
    const caret = active && active.id && active.tagName === "TEXTAREA" ? [active.selectionStart, active.selectionEnd] : null;
    const all = tree();
    const roots = all.filter((root) => isHere(root.item)).sort(bySeverity);
    problems.forEach((mine, address) => roots.unshift(problem(address, mine.message)));
    drawInto(list, roots);
    drawOthers(all.filter((root) => !isHere(root.item)));
    Array.from(nodes.keys()).forEach((key) => nodes.get(key).node.isConnected || nodes.delete(key));
    document.getElementById("findings-empty").hidden = roots.length > 0;
    here.textContent = "";
    here.append(...tallies(findings.filter(isHere)));
    if (caret && !active.isConnected && document.getElementById(active.id)) {
      const again = document.getElementById(active.id);
      again.focus({ preventScroll: true });
      again.setSelectionRange(...caret);
    }
    app.emit("drawn");
  }

  /** 各级几处：图标和数，读屏念全。 */
  function tallies(items) {
    return LEVELS.map((level) => [level, items.filter((item) => item.level === level).length])
      .filter(([, count]) => count)
      .map(([level, count]) => {
        const tally = app.element("span", `tally ${TONES[level]}`, app.icon(level), app.element("b", "", String(count)));
        tally.append(app.element("span", "visually-hidden", `处${WORDS[level]}`));
        return tally;
      });
  }

  /** 别的部分：一部分一折，折着也看得见几处。 */
  function drawOthers(roots) {
    const groups = new Map();
    roots.forEach((root) => groups.set(root.item.rank, [...(groups.get(root.item.rank) || []), root]));
    Array.from(othersBox.children).forEach((box) => groups.has(Number(box.dataset.rank)) || box.remove());
    Array.from(groups.keys()).forEach((rank, index) => {
      const box = othersBox.querySelector(`[data-rank="${rank}"]`) || part(rank);
      if (othersBox.children[index] !== box) {
        othersBox.insertBefore(box, othersBox.children[index] || null);
      }
      const items = findings.filter((item) => item.rank === rank);
      const summary = box.querySelector("summary");
      summary.textContent = "";
      summary.append(app.element("span", "", items[0].part), ...tallies(items));
      drawInto(box.querySelector("ul"), groups.get(rank));
    });
  }

  function part(rank) {
    const box = app.element("details", "elsewhere", app.element("summary", ""), app.element("ul", "findings"));
    box.dataset.rank = String(rank);
    box.open = opened.has(rank);
    box.addEventListener("toggle", () => (box.open ? opened.add(rank) : opened.delete(rank)));
    return box;
  }

  function drawInto(place, roots) {
    const wanted = roots.map((root) => {
      const keys = keysOf(root);
      const told = [keys.filter((key) => drafts.has(key)), keys.map((key) => saved.get(key) || "")];
      const json = JSON.stringify([root, told], (name, value) => (name === "cause" && value ? value.item.key : value));
      const old = nodes.get(root.item.key);
      const fresh = old && old.json === json ? old : { json, node: entry(root, false) };
      nodes.set(root.item.key, fresh);
      return fresh.node;
    });
    wanted.forEach((node, index) => {
      if (place.children[index] !== node) {
        place.insertBefore(node, place.children[index] || null);
      }
    });
    while (place.children.length > wanted.length) {
      place.lastElementChild.remove();
    }
  }

  // ---- 还差几处 ----

  /** 整套还差几处：错误，和没写说明的提醒；审核时是全部错误和提醒。 */
  function count() {
    const errors = findings.filter((item) => item.level === "error" && !item.waived).length;
    const warnings = findings.filter((item) => item.level === "warning" && !item.waived);
    const unexplained = warnings.filter((item) => !item.note && !item.follows).length;
    const words = [errors && `${errors} 处错误`, unexplained && `${unexplained} 处说明`].filter(Boolean).join("、");
    document.querySelectorAll("[data-to-do]").forEach((node) => {
      node.textContent = words ? `还差 ${words}` : warnings.length ? "没有错误，提醒都有说明" : "没有错误和提醒";
      node.className = `to-do ${errors ? "tone-err" : unexplained ? "tone-warn" : "tone-ok"}`;
    });
    document.querySelectorAll("[data-findings-count]").forEach((node) => {
      node.textContent = errors + (noteUrl ? unexplained : warnings.length);
    });
  }

  function status(values) {
    document.querySelectorAll("[data-status]").forEach((node) => {
      const value = values[node.dataset.status];
      node.textContent = value === undefined ? "" : value;
    });
    const left = document.querySelector("[data-weight-left]");
    if (left) {
      const value = String(values.weight_left || "0");
      const done = Number(value) === 0;
      left.textContent = done ? "" : value.startsWith("-") ? `，多了 ${value.slice(1)}` : `，还差 ${value}`;
      left.parentElement.classList.toggle("tone-err", !done);
    }
  }

  /** 单元格栏里的一句话：这一格的问题；正在看的那处勾稽，两头都说。 */
  app.noteFor = (address) => {
    const mine = problems.get(address);
    if (mine) {
      return { tone: "tone-err", text: mine.message };
    }
    const current = findings.find((each) => each.key === app.jumps.current() && each.cells.includes(address));
    const item = current || findings.find((each) => each.level !== "info" && !each.waived && each.cells[0] === address);
    return item ? { tone: TONES[item.level], text: item.message } : null;
  };

  app.findings = {
    page,
    isHere,
    LEVELS,
    WORDS,
    all: () => findings,
    item: (key) => findings.find((each) => each.key === key),
    /** 走的次序：各部分依次，一部分里按轻重；存不上的格排在这张表最前。 */
    order: () => {
      const all = tree().map((root) => root.item);
      const refused = Array.from(problems, ([address, mine]) => problem(address, mine.message).item);
      const first = all.findIndex((item) => isHere(item));
      all.splice(first < 0 ? 0 : first, 0, ...refused);
      return all;
    },
    node: itemNode,
  };

  app.on("answer", (answer) => {
    if (answer.findings) {
      findings = distinct(answer.findings);
      draw();
      count();
    }
    if (answer.status) {
      status(answer.status);
    }
  });
  app.on("problems", (map) => {
    problems = new Map(map);
    draw();
  });

  const data = (id) => JSON.parse(document.getElementById(id).textContent);
  document.addEventListener("DOMContentLoaded", () => {
    app.emit("answer", { findings: data("findings-data"), status: data("status-data") });
  });
})(window.ziping);
