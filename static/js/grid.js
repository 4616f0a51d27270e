/* 表格：键盘走格、粘贴一片、自动长高、当前行列、单元格栏。习惯同 WPS。 */
(function (app) {
  "use strict";

  if (!app.frame) {
    return;
  }

  const frame = app.frame;
  const editable = Boolean(app.settings.saveUrl);
  const bar = {
    name: document.querySelector(".cell-name"),
    sign: document.querySelector(".cell-sign"),
    text: document.querySelector(".cell-text"),
    note: document.querySelector(".cell-note"),
    source: document.querySelector(".cell-source"),
  };
  const sources = JSON.parse(document.getElementById("sources-data").textContent || "{}"); // 地址 → 取数取到的
  const history = document.getElementById("cell-history");
  if (history) {
    history.dataset.base = history.getAttribute("href");
  }
  let editing = false; // 在格里改字（方向键走光标），还是在格间走
  let byPointer = false;
  let goal = null; // 上下走时保持的横向位置

  // ---- 哪些格子，在哪里 ----

  function controls() {
    return Array.from(frame.querySelectorAll("textarea.v, input.v, select.v"));
  }

  function stops() {
    return Array.from(frame.querySelectorAll("textarea.v, input.v, select.v, .computed .v, .row-menu, .add-row"));
  }

  /** 走格用的方框：一格一个值时是整格；按钮算在格子左边缘，与格子同高。 */
  function area(node) {
    const cell = node.closest("td, th") || node;
    const rect = cell.getBoundingClientRect();
    if (node.matches("button")) {
      return { left: rect.left, right: rect.left + 2, top: rect.top, bottom: rect.bottom };
    }
    return cell.matches(".value") ? rect : node.getBoundingClientRect();
  }

  const middle = (rect) => ({ x: (rect.left + rect.right) / 2, y: (rect.top + rect.bottom) / 2 });

  /** 往一个方向最近的一格；across 只看同一行，否则只看 goal 所在的列。 */
  function nearest(from, nodes, direction, across) {
    const here = area(from);
    const centre = middle(here);
    const x = goal === null ? centre.x : goal;
    let best = null;
    let least = Infinity;
    nodes.forEach((node) => {
      if (node === from) {
        return;
      }
      const rect = area(node);
      const there = middle(rect);
      const inLine = across
        ? rect.top < centre.y && rect.bottom > centre.y
        : rect.left <= x && rect.right >= x && (direction > 0 ? rect.top >= here.bottom - 2 : rect.bottom <= here.top + 2);
      const distance = (across ? there.x - centre.x : there.y - centre.y) * direction;
      if (inLine && distance > 0 && distance < least) {
        best = node;
        least = distance;
      }
    });
    return best;
  }

  function go(node) {
    if (!node) {
      return false;
    }
    editing = false;
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (app.isControl(node) && node.tagName !== "SELECT") {
      if (node.dataset.kind === "long_text") {
        node.setSelectionRange(node.value.length, node.value.length);
      } else {
        node.select();
      }
    }
    return true;
  }

  function vertical(from, direction, nodes) {
    if (goal === null) {
      goal = middle(area(from)).x;
    }
    return go(nearest(from, nodes, direction, false));
  }

  function horizontal(from, direction) {
    goal = null;
    return go(nearest(from, stops(), direction, true));
  }

  function along(from, step) {
    goal = null;
    const all = controls();
    return go(all[all.indexOf(from) + step]);
  }

  function edgeOfRow(from, last) {
    goal = null;
    const centre = middle(area(from));
    const row = controls().filter((node) => {
      const rect = area(node);
      return rect.top < centre.y && rect.bottom > centre.y;
    });
    return go(row[last ? row.length - 1 : 0]);
  }

  // ---- 键盘 ----

  const hasCaret = (node) => node.matches("textarea.v, input.v");

  function caretAtStart(node) {
    return node.selectionStart === 0 && node.selectionEnd === 0;
  }

  function caretAtEnd(node) {
    return node.selectionStart === node.value.length && node.selectionEnd === node.value.length;
  }

  const oneLine = (node) => node.tagName === "INPUT" || node.scrollHeight < 40;

  function arrow(event, node) {
    const back = event.key === "ArrowUp" || event.key === "ArrowLeft";
    const upDown = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (node.tagName === "SELECT" && upDown) {
      return false;
    }
    if (hasCaret(node) && editing && !(upDown && oneLine(node))) {
      if (back ? !caretAtStart(node) : !caretAtEnd(node)) {
        return false;
      }
    }
    return upDown ? vertical(node, back ? -1 : 1, stops()) : horizontal(node, back ? -1 : 1);
  }

  function newLine(node) {
    if (node.tagName === "TEXTAREA") {
      document.execCommand("insertText", false, "\n");
      editing = true;
      return true;
    }
    return false;
  }

  function edit(node) {
    if (!hasCaret(node)) {
      return false;
    }
    editing = true;
    node.setSelectionRange(node.value.length, node.value.length);
    return true;
  }

  function escape(node) {
    if (app.save && app.isControl(node)) {
      app.save.revert(node);
      editing = false;
      if (hasCaret(node)) {
        node.select();
      }
      return true;
    }
    return false;
  }

  function press(event) {
    const node = event.target;
    const step = event.shiftKey ? -1 : 1;
    const inControl = app.isControl(node);
    if (app.prose && app.prose.covers(node)) {
      // 报告里的键都用来写字，只有 Tab 走到下一段
      return event.key === "Tab" && inControl && !event.altKey && !event.ctrlKey && along(node, step);
    }
    switch (event.key) {
      case "Enter":
        if (!inControl) {
          return false;
        }
        if (event.altKey || event.ctrlKey) {
          return newLine(node);
        }
        return vertical(node, step, controls()) || true;
      case "Tab":
        return inControl && !event.altKey && !event.ctrlKey && along(node, step);
      case "F2":
        return edit(node);
      case "Escape":
        return escape(node);
      case "Home":
      case "End":
        if (event.ctrlKey) {
          const all = controls();
          goal = null;
          return go(event.key === "Home" ? all[0] : all[all.length - 1]);
        }
        return !(editing && hasCaret(node)) && !event.shiftKey && edgeOfRow(node, event.key === "End");
      case "ArrowUp":
      case "ArrowDown":
      case "ArrowLeft":
      case "ArrowRight":
        return !event.altKey && !event.ctrlKey && !event.shiftKey && arrow(event, node);
      default:
        return false;
    }
  }

  frame.addEventListener("keydown", (event) => {
    // 输入法选字时的回车、方向键不是走格
    if (event.isComposing || event.keyCode === 229 || !stops().includes(event.target)) {
      return;
    }
    if (press(event)) {
      event.preventDefault();
    }
  });

  // ---- 鼠标：整格都能点 ----

  frame.addEventListener("mousedown", (event) => {
    byPointer = true;
    setTimeout(() => {
      byPointer = false;
    });
    const cell = event.target.closest("td.value, td.mix");
    if (!cell || event.target.closest(".v, button")) {
      return;
    }
    const control = cell.querySelector("textarea.v, input.v, select.v");
    if (control) {
      event.preventDefault();
      control.focus();
      edit(control);
    }
  });

  frame.addEventListener("input", (event) => {
    editing = true;
    if (event.target.matches("textarea.v")) {
      grow([event.target]);
    }
    describe(event.target);
  });

  // ---- 自动长高 ----

  function grow(areas) {
    areas.forEach((node) => {
      node.style.height = "0";
    });
    const heights = areas.map((node) => node.scrollHeight);
    areas.forEach((node, index) => {
      node.style.height = `${heights[index]}px`;
    });
  }

  function growAll() {
    const top = frame.scrollTop;
    grow(Array.from(frame.querySelectorAll("textarea.v")));
    frame.scrollTop = top;
  }

  // ---- 当前行、当前列、单元格栏 ----

  function highlight(node) {
    frame.querySelectorAll(".current-row, .current-col").forEach((old) => {
      old.classList.remove("current-row", "current-col");
    });
    const cell = node && node.closest("td");
    if (!cell) {
      return;
    }
    cell.parentElement.classList.add("current-row");
    const here = cell.getBoundingClientRect();
    const heads = Array.from(cell.closest("table").querySelectorAll("th.label.a-center")).filter((th) => {
      const rect = th.getBoundingClientRect();
      const above = th.parentElement.rowIndex < cell.parentElement.rowIndex;
      return above && Math.abs(rect.left - here.left) < 2 && Math.abs(rect.right - here.right) < 2;
    });
    if (heads.length) {
      heads[heads.length - 1].classList.add("current-col");
    }
  }

  /** 这一格叫什么：列表行用“二级指标 · 列名”（行名太长），其余用控件自己的名称。 */
  function nameOf(node) {
    const head = frame.querySelector(".current-col");
    const row = node.closest("tr[data-row]");
    if (!row || !head) {
      return node.getAttribute("aria-label") || (head ? head.textContent.trim() : "");
    }
    const groups = Object.values(JSON.parse(row.dataset.group || "{}"));
    return [...groups.slice(-1), head.textContent.trim()].join(" · ");
  }

  function describe(node) {
    const control = app.isControl(node);
    const computed = node.closest(".computed");
    const note = app.noteFor ? app.noteFor(node.dataset.address) : null;
    bar.name.textContent = nameOf(node);
    bar.sign.textContent = control ? "✎" : computed ? "ƒ" : "";
    const prose = app.prose && app.prose.covers(node);
    bar.text.textContent = prose ? "" : control ? node.value : node.textContent;
    if (history) {
      history.hidden = !node.dataset.address || Boolean(computed);
      history.href = `${history.dataset.base}?at=${encodeURIComponent(node.dataset.address || "")}`;
    }
    bar.note.className = `cell-note ${note ? note.tone : ""}`;
    bar.note.textContent = note ? note.text : hint(node, control, computed);
    const source = sources[node.dataset.address];
    bar.source.hidden = !source;
    bar.source.parentElement.classList.toggle("sourced", Boolean(source));
    bar.source.textContent = source ? sourceWords(source, node.dataset.shown || "") : "";
    bar.source.title = bar.source.textContent;
  }

  /** 取数取到的与现在的值（以存着的为准）一样就说来源，不一样说单位改成了什么。 */
  function sourceWords(source, shown) {
    if (shown === source.shown) {
      return `来源：${source.from}`;
    }
    const short = (text) => (text.length > 12 ? `${text.slice(0, 12)}…` : text);
    return `来源为 ${short(source.shown)}，单位${shown ? `改为 ${short(shown)}` : "清空了"}（${source.from}）`;
  }

  function hint(node, control, computed) {
    if (computed) {
      return "系统计算，不能改。按回车或 F1 看怎么算出来的。";
    }
    const suggest = node.closest("td") && node.closest("td").querySelector(".suggest");
    if (suggest) {
      return `${suggest.textContent}，只供参考，得分由您填。按 F1 看怎么算的。`;
    }
    if (control && node.dataset.help) {
      return node.dataset.help;
    }
    if (app.prose && app.prose.covers(node)) {
      return "花括号里的数随表变，离开这一段就显示成数。Ctrl+I 插入数字。";
    }
    if (node.tagName === "TEXTAREA") {
      return `${Array.from(node.value).length} 字　换行按 Alt+Enter`;
    }
    return node.dataset.unit ? `单位：${node.dataset.unit}` : "";
  }

  document.addEventListener("focusin", (event) => {
    const node = event.target;
    if (!node.matches(".v") || !frame.contains(node)) {
      return;
    }
    editing = byPointer && hasCaret(node);
    if (byPointer) {
      goal = null;
    }
    highlight(node);
    describe(node);
  });

  frame.addEventListener("focusout", () => highlight(null));

  // ---- 填了几格 ----

  function tally() {
    const place = document.querySelector("[data-filled]");
    if (place) {
      const all = controls();
      place.textContent = `${all.filter((node) => node.value.trim()).length} / ${all.length}`;
    }
  }

  // ---- 粘贴一片 ----

  /** 剪贴板的表格文字 → 行列；带引号的格里可以有换行。 */
  function table(text) {
    const rows = [[]];
    const pattern = /(?:"((?:[^"]|"")*)"|([^\t\n]*))(\t|\n|$)/g;
    const clean = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    let match;
    while ((match = pattern.exec(clean)) !== null) {
      const value = match[1] === undefined ? match[2] : match[1].replace(/""/g, '"');
      rows[rows.length - 1].push(value);
      if (match[3] === "") {
        break;
      }
      if (match[3] === "\n") {
        rows.push([]);
      }
    }
    return rows;
  }

  /** 整张表的格子按官方行列排好：places[行][列] = 起始于此的格子，合并的其余部分为 null。 */
  function matrix() {
    const places = [];
    let base = 0;
    frame.querySelectorAll(".form-grid").forEach((grid) => {
      const rows = Array.from(grid.rows);
      rows.forEach((row, index) => {
        const line = (places[base + index] = places[base + index] || []);
        let column = 0;
        Array.from(row.cells).forEach((cell) => {
          while (line[column] !== undefined) {
            column += 1;
          }
          for (let r = 0; r < cell.rowSpan; r += 1) {
            for (let c = 0; c < cell.colSpan; c += 1) {
              const other = (places[base + index + r] = places[base + index + r] || []);
              other[column + c] = r === 0 && c === 0 ? cell : null;
            }
          }
        });
      });
      base += rows.length;
    });
    return places;
  }

  function accepts(control, value) {
    return control.tagName !== "SELECT" || Array.from(control.options).some((option) => option.value === value);
  }

  /**
   * 从一格起，剪贴板的各列落在哪些格。从官方表复制的，合并格的其余部分是空列，照官方的列对；
   * 有数会落进合并格其余部分的，是自己表里没有合并的一块，一列对一格。
   */
  function lanes(places, top, left, rows) {
    const lines = rows.map((_, r) => (places[top + r] || []).slice(left));
    const plain = rows.some((line, r) => line.some((value, c) => value.trim() && lines[r][c] === null));
    return plain ? lines.map((line) => line.filter((place) => place !== null)) : lines;
  }

  function fill(start, rows) {
    const places = matrix();
    const cell = start.closest("td");
    const top = places.findIndex((line) => line.includes(cell));
    const targets = lanes(places, top, places[top].indexOf(cell), rows);
    const changes = [];
    let skipped = 0;
    rows.forEach((line, r) => {
      line.forEach((value, c) => {
        const place = targets[r][c];
        const control = place ? place.querySelector("textarea.v, input.v, select.v") : null;
        const trimmed = control && control.tagName === "SELECT" ? value.trim() : value;
        if (control && accepts(control, trimmed)) {
          control.value = trimmed;
          changes.push({ address: control.dataset.address, value: trimmed });
        } else if (value.trim() && place !== null) {
          skipped += 1;
        }
      });
    });
    growAll();
    return { changes, skipped };
  }

  async function paste(start, rows) {
    const { changes, skipped } = fill(start, rows);
    await app.save.change(changes);
    const refused = changes.filter(({ address }) => app.save.problems.has(address));
    const reasons = [];
    if (skipped) {
      reasons.push("不能填的格");
    }
    if (refused.length) {
      reasons.push(app.save.problems.get(refused[0].address).message);
    }
    const left = skipped + refused.length;
    app.toast(`粘贴了 ${changes.length - refused.length} 格${left ? `，${left} 格未采纳：${reasons.join("；")}` : ""}`);
    describe(document.activeElement);
  }

  frame.addEventListener("paste", (event) => {
    const node = event.target;
    if (!editable || !app.isControl(node)) {
      return;
    }
    const text = event.clipboardData.getData("text/plain");
    const rows = table(text);
    const block = !(app.prose && app.prose.covers(node)) && (rows.length > 1 || rows[0].length > 1);
    const prose = !text.includes("\t") && node.tagName === "TEXTAREA" && (editing || node.dataset.kind === "long_text");
    if (block && !prose) {
      event.preventDefault();
      paste(node, rows);
    }
  });

  // ---- 手机上只看不填（电脑上放大到 200% 照样能填） ----

  const phone = window.matchMedia("(max-width: 767px) and (hover: none)");

  function lock() {
    if (!editable) {
      return;
    }
    controls().forEach((node) => {
      node.disabled = phone.matches;
    });
    app.banner("phone", "warn", phone.matches ? "屏幕太窄，这里只能看。请在电脑上填报。" : "");
  }

  // ---- 几行的表头：一行接一行地固定 ----

  function stickHeads() {
    frame.querySelectorAll(".form-grid thead").forEach((head) => {
      const top = head.getBoundingClientRect().top;
      Array.from(head.rows).slice(1).forEach((row) => {
        const below = row.getBoundingClientRect().top - top;
        Array.from(row.cells).forEach((cell) => {
          cell.style.top = `${below}px`;
        });
      });
    });
  }

  function adjust() {
    tally();
    growAll();
    stickHeads();
    lock();
  }

  /** 换上重画的整张表：滚动、焦点、正在打的字都留在原处。 */
  function redraw(html) {
    const { scrollTop, scrollLeft } = frame;
    const active = document.activeElement;
    const kept = app.isControl(active) && frame.contains(active) ? active : null;
    const dirty = Boolean(kept && app.save && app.save.dirty(kept));
    const typed = kept && { address: kept.dataset.address, value: kept.value, dirty, editing, from: kept.selectionStart, to: kept.selectionEnd };
    frame.querySelector(".sheet-of-paper").innerHTML = html;
    app.emit("redrawn");
    const again = typed && app.cells(typed.address).find(app.isControl);
    if (again) {
      again.focus({ preventScroll: true });
      if (typed.dirty) {
        again.value = typed.value;
      }
      if (hasCaret(again)) {
        again.setSelectionRange(typed.from, typed.to);
      }
      editing = typed.editing;
    }
    frame.scrollTop = scrollTop;
    frame.scrollLeft = scrollLeft;
  }

  let width = frame.clientWidth;
  window.addEventListener("resize", () => {
    if (frame.clientWidth !== width) {
      width = frame.clientWidth;
      adjust();
    }
  });
  app.on("answer", () => {
    tally();
    if (frame.contains(document.activeElement) && document.activeElement.matches(".v")) {
      describe(document.activeElement);
    }
  });
  app.on("panel", adjust);
  app.on("redrawn", adjust);
  app.on("resized", (node) => node.tagName === "TEXTAREA" && grow([node]));
  app.on("problems", () => frame.contains(document.activeElement) && describe(document.activeElement));
  app.grid = { go, describe, redraw };
  adjust();
})(window.ziping);
