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

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  /** 断了就再送：每个请求带着编号或看到的次序，送几次都只做一次。 */
  async function persist(request) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await app.post(app.settings.rowsUrl, request);
      } catch (error) {
        if (error instanceof app.Refused || tries === 4) {
          throw error;
        }
        app.banner("rows", "warn", "网络断开，连上后接着做。");
        await pause(1000 * 2 ** tries);
      }
    }
  }

  /** 先把打的字存好，再动行；答复里有重画的整张表。 */
  async function act(request) {
    if (busy) {
      return null;
    }
    busy = true;
    try {
      await app.save.settleAll();
      const answer = await persist(request);
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

  /** 新行的编号由页面定，重发不会加两行。 */
  function newId() {
    return `r${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }

  /** 按“＋”，或点还没有行的空行。 */
  function add(button) {
    act({ act: "add", list: button.dataset.list, group: JSON.parse(button.dataset.group || "{}"), id: newId() });
  }

  async function remove(row) {
    const answer = await act({ act: "remove", row, revision: Number(app.settings.revision) });
    if (answer) {
      app.toast("已删除 1 行", "撤销", () => act({ act: "restore", row: answer.undo_row }));
    }
  }

  /** 同组里排在它前面的那一行；它是第一行时为空串。 */
  function before(row) {
    const rows = Array.from(paper.querySelectorAll("tr[data-row][data-list]"));
    const here = rows.find((each) => each.dataset.row === row);
    const same = rows.filter((each) => here && each.dataset.list === here.dataset.list && each.dataset.group === here.dataset.group);
    const previous = same[same.indexOf(here) - 1];
    return previous ? previous.dataset.row.replace(/^.*\[(\w+)\]$/, "$1") : "";
  }

  function move(row, to) {
    act({ act: "move", row, to, was: before(row) });
  }

  // ---- 抽屉 ----

  /** 打开一行的抽屉；给了地址的，光标落在那一项。 */
  async function open(button, address) {
    opener = button;
    try {
      body.innerHTML = await app.request(`${app.settings.rowUrl}?row=${encodeURIComponent(button.dataset.row)}`);
    } catch (error) {
      app.banner("rows", "err", error instanceof app.Refused ? error.message : "网络断开，打不开这一行。");
      return;
    }
    drawer.hidden = false;
    const wanted = address && app.cells(address).find((node) => drawer.contains(node));
    (wanted || drawer.querySelector("button")).focus();
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

  app.rows = { act, newId, open };

  paper.addEventListener("click", (event) => {
    const button = event.target.closest(".add-row, .row-menu");
    const spare = event.target.closest("tr.filler");
    if (button) {
      (button.matches(".add-row") ? add : open)(button, "");
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
