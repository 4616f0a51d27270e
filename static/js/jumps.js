/* 问题在格子上的标记，和在问题之间走：F8 下一处（跨表），F9 去勾稽的另一头，审核时还有 N、P。 */
(function (app) {
  "use strict";

  const panel = document.getElementById("panel-findings");
  if (!panel || !app.findings) {
    return;
  }

  const frame = app.frame;
  const found = app.findings;
  const here = Number(panel.dataset.rank || 0);
  const LEFT = "ziping-finding"; // 跳到别的表以前，正在看哪一处
  let current = "";

  // ---- 格子上的标记 ----

  /** 主格画角；同一处问题里别的格只有还空着才画。别的表上的问题只画在这里能填的格上。 */
  function mark() {
    frame.querySelectorAll(".mark-error, .mark-warning, .mark-noted, .end").forEach((cell) => {
      cell.classList.remove("mark-error", "mark-warning", "mark-noted", "end");
      cell.removeAttribute("title");
    });
    frame.querySelectorAll(".v[aria-describedby]").forEach((node) => {
      describedBy(node, "");
      node.removeAttribute("aria-invalid");
      node.removeAttribute("placeholder");
    });
    const shown = found.all().filter((item) => item.level !== "info" && !item.waived);
    shown.sort((a, b) => found.LEVELS.indexOf(b.level) - found.LEVELS.indexOf(a.level));
    shown.forEach((item) => {
      item.cells.forEach((address, index) => {
        app.cells(address).forEach((node) => {
          const blank = app.isControl(node) ? !node.value : !node.textContent;
          const mine = found.isHere(item) || app.isControl(node);
          if (mine && (index === 0 || blank)) {
            markOne(node, item, blank);
          }
        });
      });
    });
    markEnds();
  }

  /** 说明这一格的文字：填写提示留着，加上这一处；id 为空时只留填写提示。 */
  function describedBy(node, id) {
    const ids = (node.getAttribute("aria-describedby") || "").split(" ").filter((each) => each && (id || !each.startsWith("finding-")));
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
    const told = `${found.WORDS[item.level]}：${item.message}`;
    cell.title = cell.title ? `${told}\n${cell.title}` : told;
    describedBy(node, `finding-${item.key}`);
    if (app.isControl(node)) {
      node.setAttribute("aria-invalid", String(item.level === "error"));
      if (blank) {
        node.setAttribute("placeholder", "未填");
      }
    }
  }

  /** 正在看的一处：勾稽的各头都画出来。 */
  function markEnds() {
    frame.querySelectorAll(".end").forEach((cell) => cell.classList.remove("end"));
    const item = found.item(current);
    if (item && item.cells.length > 1) {
      item.cells.forEach((address) => {
        const node = app.cells(address).find((each) => frame.contains(each));
        if (node) {
          app.box(node).classList.add("end");
        }
      });
    }
  }

  // ---- 选中一处 ----

  /** 清单里选中一处：折着的打开，滚到看得见。 */
  function choose(key) {
    current = key;
    panel.querySelectorAll(".finding.current").forEach((node) => node.classList.remove("current"));
    const node = found.node(key);
    if (node) {
      for (let fold = node.parentElement.closest("details"); fold; fold = fold.parentElement.closest("details")) {
        fold.open = true;
      }
      node.classList.add("current");
      node.scrollIntoView({ block: "nearest" });
    }
    markEnds();
  }

  // ---- 转到一格 ----

  function jumpToCell(address) {
    const node = app.cells(address).find((each) => frame.contains(each)) || inRow(address) || inList(address);
    if (!node) {
      return;
    }
    app.grid.go(node);
    const cell = node.closest("td, th") || app.box(node);
    cell.classList.remove("flash");
    void cell.offsetWidth;
    cell.classList.add("flash");
  }

  /** 表上没有这一列的：打开这一行的抽屉；没有抽屉就到这一行的第一格。 */
  function inRow(address) {
    const row = frame.querySelector(`tr[data-row="${CSS.escape(address.replace(/\.[^.\]]*$/, ""))}"]`);
    const menu = row && row.querySelector(".row-menu");
    if (menu && app.rows) {
      app.rows.open(menu, address);
    }
    return row && row.querySelector(".v");
  }

  /** 整个列表还没有行的：到它的“＋”。 */
  function inList(address) {
    return frame.querySelector(`.add-row[data-list="${CSS.escape(address)}"]`);
  }

  /** 去别的表：先把正在打的字送出去；记下正在看哪一处。 */
  async function leave(url, key) {
    if (app.save) {
      if (app.isControl(document.activeElement)) {
        app.save.commit(document.activeElement);
      }
      await app.save.idle();
    }
    sessionStorage.setItem(LEFT, key);
    window.location.assign(url);
  }

  function goTo(address, url, key) {
    if (!url || url === found.page) {
      choose(key);
      jumpToCell(address);
    } else {
      leave(`${url}#${encodeURIComponent(address)}`, key);
    }
  }

  function jump(key) {
    const item = found.order().find((each) => each.key === key) || found.item(key);
    if (item) {
      goTo(item.cells[0], item.url, key);
    }
  }

  /** 下一处、上一处：走完这张表去下一张，走完一圈回到头。 */
  function step(direction) {
    const order = found.order();
    if (!order.length) {
      app.toast("没有要看的问题。");
      return;
    }
    let at = order.findIndex((item) => item.key === current);
    if (at < 0) {
      const next = order.findIndex((item) => item.rank >= here);
      at = next < 0 ? (direction > 0 ? -1 : 0) : direction > 0 ? next - 1 : next;
    }
    jump(order[(at + direction + order.length) % order.length].key);
  }

  /** 一处问题的各头：在某张表上的格。 */
  function endsOf(item) {
    return item.cells.filter((address) => (item.ends || {})[address]);
  }

  /** 去另一头：正在看的那处；没有就看光标所在格的那处。几头的依次走。 */
  function otherEnd(key) {
    const address = (document.activeElement && document.activeElement.dataset.address) || "";
    const item = found.item(key || current) || found.all().find((each) => each.cells.includes(address));
    const ends = item ? endsOf(item) : [];
    if (ends.length < 2) {
      app.toast(item ? "这一处只有这一格，没有另一头。" : "先选一处问题（F8），再去它的另一头。");
      return;
    }
    const at = Math.max(ends.indexOf(address), 0);
    const next = ends[(at + 1) % ends.length];
    goTo(next, item.ends[next], item.key);
  }

  // ---- 鼠标、键盘 ----

  panel.addEventListener("click", (event) => {
    const node = event.target.closest(".finding");
    const inside = event.target.closest("textarea, summary, .act");
    if (node && !inside && !window.getSelection().toString()) {
      jump(node.dataset.key);
    }
  });
  document.querySelectorAll("[data-next-finding]").forEach((button) => button.addEventListener("click", () => step(1)));

  /** 审核时 N、P 也走；正在打字时不算。 */
  function letter(event) {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (app.settings.saveUrl || typing || event.ctrlKey || event.altKey || event.metaKey) {
      return 0;
    }
    return { n: 1, N: 1, p: -1, P: -1 }[event.key] || 0;
  }

  document.addEventListener("keydown", (event) => {
    const way = event.key === "F8" ? (event.shiftKey ? -1 : 1) : letter(event);
    if (document.querySelector("dialog[open]") || event.isComposing) {
      return;
    }
    if (way) {
      event.preventDefault();
      step(way);
    } else if (event.key === "F9") {
      event.preventDefault();
      otherEnd("");
    }
  });

  app.jumpToCell = jumpToCell;
  app.jumps = { jump, choose, endsOf, otherEnd, current: () => current };
  app.on("drawn", mark);
  app.on("redrawn", mark);

  // 从别处“转到”这里，或点本页退回条上的一格：地址写在 # 后面
  function jumpToHash() {
    if (window.location.hash) {
      const address = decodeURIComponent(window.location.hash.slice(1));
      const left = sessionStorage.getItem(LEFT);
      sessionStorage.removeItem(LEFT);
      const item = found.item(left) || found.all().find((each) => found.isHere(each) && each.cells[0] === address);
      if (item && item.cells.includes(address)) {
        choose(item.key);
      }
      jumpToCell(address);
    }
  }

  window.addEventListener("load", jumpToHash);
  window.addEventListener("hashchange", jumpToHash);
})(window.ziping);
