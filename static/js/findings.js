/* 核对清单：错误、提醒、提示；由别处引起的折在原因下面；点一处就转到那一格。 */
(function (app) {
  "use strict";

  const list = document.querySelector("#findings > ul");
  if (!list) {
    return;
  }

  const frame = app.frame;
  const othersBox = document.getElementById("findings-elsewhere");
  const others = othersBox.querySelector("ul");
  const tally = document.getElementById("tally");
  const noteUrl = app.settings.noteUrl;
  const LEVELS = ["error", "warning", "info"];
  const WORDS = { error: "错误", warning: "提醒", info: "提示" };
  const ICONS = { error: "error", warning: "warning", info: "info" };
  const TONES = { error: "tone-err", warning: "tone-warn", info: "tone-info" };
  const drafts = new Map(); // 正在写的说明：key → 文字
  const unfolded = new Set(); // 展开了“由此引起”的
  const nodes = new Map(); // key → {json, node}，没变的不重画
  let findings = [];
  let problems = new Map();
  let current = "";

  // ---- 排好 ----

  const page = (app.settings.whyUrl || "").replace(/why\/$/, "");

  /** 这处问题在这张表上；没有主格的算在每张表上。 */
  const isHere = (item) => !item.url || item.url === page;

  /** 各处问题连同由它引起的：[{finding, children}]，错误在前。 */
  function tree() {
    const byKey = new Map(findings.map((item) => [item.key, { item, children: [] }]));
    const roots = [];
    byKey.forEach((node) => {
      const cause = node.item.because_of;
      const parent = cause && byKey.get(`${cause.code}|${cause.cell}`);
      const together = parent && parent !== node && isHere(parent.item) === isHere(node.item);
      (together ? parent.children : roots).push(node);
    });
    roots.sort((a, b) => LEVELS.indexOf(a.item.level) - LEVELS.indexOf(b.item.level));
    return roots;
  }

  const itemNode = (key) => document.getElementById(`finding-${key}`);

  const keysOf = (root) => [root.item.key, ...[].concat(...root.children.map(keysOf))];

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
    const parts = [];
    if (item.note) {
      parts.push(app.element("p", "explained", `说明：${item.note}`));
    }
    if (!noteUrl) {
      return parts;
    }
    if (drafts.has(item.key)) {
      parts.push(...editor(item));
      return parts;
    }
    const write = app.button(item.note ? "改说明" : "写说明", "btn btn-sm btn-outline-secondary", () => {
      drafts.set(item.key, item.note || "");
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
    area.addEventListener("input", () => drafts.set(item.key, area.value));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) {
        close(item);
      }
    });
    const save = app.button("保存说明", "btn btn-sm btn-primary", () => saveNote(item, area, save, message));
    return [label, area, app.element("div", "act", message, save)];
  }

  function close(item) {
    drafts.delete(item.key);
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
      drafts.delete(item.key);
      app.emit("answer", answer);
      jump(item.key, false);
    } catch (error) {
      message.className = "meta tone-err";
      message.textContent = error instanceof app.Refused ? error.message : "没有保存，请检查网络后再按一次。";
      save.disabled = false;
    }
  }

  function entry({ item, children }, nested) {
    const node = app.element("li", `finding ${item.level}`);
    node.dataset.key = item.key;
    node.id = `finding-${item.key}`;
    node.append(...title(item, TONES[item.level], ICONS[item.level]));
    node.append(app.element("p", "", item.message), ...figures(item), ...explanation(item), ...waiver(item));
    if (children.length) {
      const fold = app.element("details", "", app.element("summary", "", `由此引起 ${children.length} 处`));
      fold.append(app.element("ul", "", ...children.map((child) => entry(child, true))));
      fold.open = unfolded.has(item.key);
      fold.addEventListener("toggle", () => (fold.open ? unfolded.add(item.key) : unfolded.delete(item.key)));
      node.append(fold);
    }
    if (!nested) {
      node.classList.toggle("current", item.key === current);
    }
    return node;
  }

  /** 服务器不收的格子，排在清单最前。 */
  function problem(address, message) {
    const control = app.cells(address).find(app.isControl);
    const where = (control && control.getAttribute("aria-label")) || "这一格";
    const item = { key: `!|${address}`, code: "", level: "error", cells: [address], where, message, because_of: null };
    return { item, children: [] };
  }

  // ---- 画 ----

  function draw() {
    const all = tree();
    const roots = all.filter((root) => isHere(root.item));
    const elsewhere = all.filter((root) => !isHere(root.item));
    problems.forEach((mine, address) => roots.unshift(problem(address, mine.message)));
    drawInto(list, roots);
    drawInto(others, elsewhere);
    Array.from(nodes.keys()).forEach((key) => nodes.get(key).node.isConnected || nodes.delete(key));
    document.getElementById("findings-empty").hidden = roots.length > 0;
    othersBox.hidden = !elsewhere.length;
    othersBox.querySelector("b").textContent = elsewhere.length;
    mark();
  }

  function drawInto(place, roots) {
    const wanted = roots.map((root) => {
      const json = JSON.stringify([root, keysOf(root).filter((key) => drafts.has(key))]);
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

  /** 主格画角；同一处问题里别的格只有还空着才画。别的表上的问题只画在这里能填的格上。 */
  function mark() {
    frame.querySelectorAll(".mark-error, .mark-warning, .mark-noted").forEach((cell) => {
      cell.classList.remove("mark-error", "mark-warning", "mark-noted");
    });
    frame.querySelectorAll(".v[aria-describedby]").forEach((node) => {
      describedBy(node, "");
      node.removeAttribute("aria-invalid");
      node.removeAttribute("placeholder");
    });
    const shown = findings.filter((item) => item.level !== "info" && !item.waived);
    shown.sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
    shown.forEach((item) => {
      item.cells.forEach((address, index) => {
        app.cells(address).forEach((node) => {
          const blank = app.isControl(node) ? !node.value : !node.textContent;
          const mine = isHere(item) || app.isControl(node);
          if (mine && (index === 0 || blank)) {
            markOne(node, item, blank);
          }
        });
      });
    });
  }

  /** 说明这一格的文字：填写提示留着，问题换成这一处。 */
  function describedBy(node, id) {
    const ids = (node.getAttribute("aria-describedby") || "").split(" ").filter((each) => each && !each.startsWith("finding-"));
    if (id) {
      ids.push(id);
    }
    if (ids.length) {
      node.setAttribute("aria-describedby", ids.join(" "));
    } else {
      node.removeAttribute("aria-describedby");
    }
  }

  function markOne(node, item, blank) {
    const cell = frame.contains(node) ? app.box(node) : null;
    if (!cell) {
      return;
    }
    const classes = cell.classList;
    classes.remove("mark-warning", "mark-noted");
    classes.add(`mark-${item.level}`);
    classes.toggle("mark-noted", item.level === "warning" && Boolean(item.note));
    describedBy(node, `finding-${item.key}`);
    if (app.isControl(node)) {
      node.setAttribute("aria-invalid", String(item.level === "error"));
      if (blank) {
        node.setAttribute("placeholder", "未填");
      }
    }
  }

  /** 这张表上各级有几处；全套的数在工作台和送审页。 */
  function count() {
    const counts = { error: 0, warning: 0, info: 0 };
    findings.filter((item) => isHere(item) && !item.waived).forEach((item) => {
      counts[item.level] += 1;
    });
    tally.querySelectorAll("[data-level]").forEach((node) => {
      const level = node.dataset.level;
      node.querySelector("b").textContent = counts[level];
      node.hidden = !counts[level];
    });
    document.querySelectorAll("[data-findings-count]").forEach((node) => {
      node.textContent = counts.error + counts.warning;
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

  // ---- 转到 ----

  function choose(key) {
    current = key;
    list.querySelectorAll(".finding.current").forEach((node) => node.classList.remove("current"));
    const node = itemNode(key);
    if (node) {
      node.classList.add("current");
      node.scrollIntoView({ block: "nearest" });
    }
  }

  function jumpToCell(address) {
    const node = app.cells(address).find((each) => frame.contains(each));
    if (!node) {
      return;
    }
    app.grid.go(node);
    const cell = app.box(node);
    cell.classList.remove("flash");
    void cell.offsetWidth;
    cell.classList.add("flash");
  }

  function jump(key, andFocus) {
    const item = findings.find((each) => each.key === key);
    if (andFocus && item && !isHere(item)) {
      leave(`${item.url}#${encodeURIComponent(item.cells[0])}`);
      return;
    }
    choose(key);
    if (andFocus) {
      jumpToCell(key.slice(key.indexOf("|") + 1));
    }
  }

  /** 去别的表：先把正在打的字送出去。 */
  async function leave(url) {
    if (app.save) {
      if (app.isControl(document.activeElement)) {
        app.save.commit(document.activeElement);
      }
      await app.save.idle();
    }
    window.location.assign(url);
  }

  function step(direction) {
    const keys = Array.from(list.children, (node) => node.dataset.key);
    if (!keys.length) {
      return;
    }
    const at = keys.indexOf(current);
    const start = at < 0 && direction < 0 ? 0 : at;
    jump(keys[(start + direction + keys.length) % keys.length], true);
  }

  document.getElementById("panel-findings").addEventListener("click", (event) => {
    const node = event.target.closest(".finding");
    const inside = event.target.closest("textarea, summary, .act");
    if (node && !inside && !window.getSelection().toString()) {
      jump(node.dataset.key, true);
    }
  });
  document.getElementById("next-finding").addEventListener("click", () => step(1));
  document.addEventListener("keydown", (event) => {
    if (event.key === "F8") {
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    }
  });

  /** 单元格栏里的一句话：这一格的问题。 */
  app.noteFor = (address) => {
    const mine = problems.get(address);
    if (mine) {
      return { tone: "tone-err", text: mine.message };
    }
    const item = findings.find((each) => each.level !== "info" && !each.waived && each.cells[0] === address);
    return item ? { tone: TONES[item.level], text: item.message } : null;
  };
  app.jumpToCell = jumpToCell;

  app.on("answer", (answer) => {
    if (answer.findings) {
      findings = answer.findings;
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
  app.on("redrawn", mark);

  // 从别处“转到”这里，或点本页退回条上的一格：地址写在 # 后面
  function jumpToHash() {
    if (window.location.hash) {
      jumpToCell(decodeURIComponent(window.location.hash.slice(1)));
    }
  }

  window.addEventListener("load", jumpToHash);
  window.addEventListener("hashchange", jumpToHash);

  const data = (id) => JSON.parse(document.getElementById(id).textContent);
  app.emit("answer", { findings: data("findings-data"), status: data("status-data") });
})(window.ziping);
