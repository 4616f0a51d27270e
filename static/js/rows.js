/* 列表行：增加、上移下移、删除（可撤销）、行抽屉。 */
(function (app) {
  "use strict";

  if (!app.frame || !app.settings.rowsUrl) {
    return;
  }

  const paper = app.frame.querySelector(".sheet-of-paper");
  const drawer = document.getElementById("row-drawer");
  const body = drawer.querySelector(".drawer-body");
  let opener = null;
  let busy = false;

  /** 先把打的字存好，再动行；答复里有重画的整张表。 */
  async function act(request) {
    if (busy) {
      return null;
    }
    busy = true;
    if (app.isControl(document.activeElement)) {
      app.save.commit(document.activeElement);
    }
    try {
      await app.save.idle();
      const answer = await app.post(app.settings.rowsUrl, request);
      redraw(answer);
      return answer;
    } catch (error) {
      const words = error instanceof app.Refused ? error.message : "网络断开，行没有改动。请稍后再试。";
      app.banner("rows", "err", words);
      return null;
    } finally {
      busy = false;
    }
  }

  function redraw(answer) {
    app.banner("rows", "", "");
    close(false);
    app.grid.redraw(answer.html);
    app.save.apply(answer);
    if (answer.focus) {
      app.grid.go(app.cells(answer.focus)[0]);
    }
  }

  /** 按“＋”，或点还没有行的空行。 */
  function add(button) {
    const group = JSON.parse(button.dataset.group || "{}");
    const rows = Array.from(paper.querySelectorAll("tr[data-row][data-list]"));
    const same = rows.filter((row) => row.dataset.list === button.dataset.list && row.dataset.group === button.dataset.group);
    const last = same[same.length - 1];
    act({ act: "add", list: button.dataset.list, group, after: last ? last.dataset.row : null });
  }

  async function remove(row) {
    const answer = await act({ act: "remove", row });
    if (answer) {
      app.toast("已删除 1 行", "撤销", () => act({ act: "restore", row: answer.undo }));
    }
  }

  function move(row, to) {
    act({ act: "move", row, to });
  }

  // ---- 抽屉 ----

  async function open(button) {
    opener = button;
    try {
      body.innerHTML = await app.request(`${app.settings.rowUrl}?row=${encodeURIComponent(button.dataset.row)}`);
    } catch (error) {
      app.banner("rows", "err", error instanceof app.Refused ? error.message : "网络断开，打不开这一行。");
      return;
    }
    drawer.hidden = false;
    drawer.querySelector("button").focus();
  }

  function close(returnFocus) {
    if (drawer.hidden) {
      return;
    }
    const inside = drawer.querySelector(".v:focus");
    if (inside) {
      app.save.commit(inside);
    }
    drawer.hidden = true;
    body.textContent = "";
    if (returnFocus && opener && opener.isConnected) {
      opener.focus();
    }
  }

  paper.addEventListener("click", (event) => {
    const button = event.target.closest(".add-row, .row-menu");
    const spare = event.target.closest("tr.filler");
    if (button) {
      (button.matches(".add-row") ? add : open)(button);
    } else if (spare && event.target.closest("td.value")) {
      add(spare);
    }
  });
  drawer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) {
      return;
    }
    const { act: name, row, to } = button.dataset;
    if (name === "close") {
      close(true);
    } else if (name === "move") {
      move(row, to);
    } else {
      remove(row);
    }
  });
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) {
      close(true);
    }
  });
  paper.addEventListener("keydown", (event) => {
    const up = event.key === "ArrowUp";
    if (!event.altKey || event.isComposing || !(up || event.key === "ArrowDown")) {
      return;
    }
    const line = event.target.closest("tr[data-row]");
    if (line) {
      event.preventDefault();
      move(line.dataset.row, up ? "up" : "down");
    }
  });
})(window.ziping);
