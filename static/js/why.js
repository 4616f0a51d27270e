/* 为什么是这个数：点 ƒ 或“建议”，或在格上按 F1（计算格上回车、? 也行），在格子下面展开；Esc 关上，焦点回去。 */
(function (app) {
  "use strict";

  if (!app.frame || !app.settings.whyUrl) {
    return;
  }

  let popover = null;
  let opener = null;
  let shown = ""; // 说的是哪一格

  function close(returnFocus) {
    if (!popover) {
      return;
    }
    popover.remove();
    popover = null;
    opener.removeAttribute("aria-expanded");
    if (returnFocus) {
      opener.focus({ preventScroll: true });
    }
  }

  function place(cell) {
    const box = app.frame.getBoundingClientRect();
    const rect = cell.getBoundingClientRect();
    const room = app.frame.clientWidth - popover.offsetWidth - 8;
    const left = Math.max(8, Math.min(rect.right - popover.offsetWidth * 0.75 - box.left, room));
    popover.style.left = `${left + app.frame.scrollLeft}px`;
    popover.style.top = `${rect.bottom - box.top + app.frame.scrollTop + 6}px`;
    popover.scrollIntoView({ block: "nearest" });
  }

  const ask = (address) => app.request(`${app.settings.whyUrl}?address=${encodeURIComponent(address)}`);

  async function open(address, from) {
    close(false);
    let html;
    try {
      html = await ask(address);
    } catch (error) {
      app.banner("why", "err", error instanceof app.Refused ? error.message : "网络断开，看不到算式。");
      return;
    }
    close(false);
    app.banner("why", "", "");
    opener = from;
    shown = address;
    opener.setAttribute("aria-expanded", "true");
    popover = app.element("div", "popover-why");
    popover.setAttribute("role", "dialog");
    popover.innerHTML = html;
    popover.setAttribute("aria-labelledby", "why-title");
    app.frame.append(popover);
    place(from.closest("td"));
    popover.querySelector("[data-close]").focus({ preventScroll: true });
  }

  /** 数变了，开着的说明跟着变。 */
  async function refresh() {
    const address = shown;
    const focused = popover && popover.contains(document.activeElement);
    const html = await ask(address).catch(() => "");
    if (popover && html && shown === address && popover.innerHTML !== html) {
      popover.innerHTML = html;
      if (focused) {
        popover.querySelector("[data-close]").focus({ preventScroll: true });
      }
    }
  }

  /** 一格的说明在哪个地址：计算格是自己，填报的得分是它旁边的建议；别的格没有。 */
  function askedBy(node) {
    const cell = node.closest("td");
    const suggest = cell && cell.querySelector(".suggest");
    return node.matches(".computed .v") ? node.dataset.address : suggest ? suggest.dataset.address : "";
  }

  app.frame.addEventListener("click", (event) => {
    const suggest = event.target.closest(".suggest");
    if (suggest) {
      open(suggest.dataset.address, suggest);
      return;
    }
    const cell = event.target.closest(".computed");
    if (cell) {
      const button = cell.querySelector(".why");
      open(button.dataset.address, button);
      return;
    }
    const jump = event.target.closest("[data-jump]");
    if (jump) {
      close(false);
      app.jumpToCell(jump.dataset.jump);
    } else if (event.target.closest("[data-close]")) {
      close(true);
    }
  });
  app.frame.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && popover) {
      event.stopPropagation();
      close(true);
      return;
    }
    const computed = event.target.matches(".computed .v");
    const asks = event.key === "F1" && !event.shiftKey ? event.target.matches(".v") : computed && (event.key === "Enter" || event.key === "?");
    const address = asks ? askedBy(event.target) : "";
    if (address) {
      event.preventDefault();
      open(address, event.target);
    }
  });
  document.addEventListener("mousedown", (event) => {
    if (popover && !popover.contains(event.target) && !event.target.closest(".computed, .suggest")) {
      close(false);
    }
  });
  app.on("redrawn", () => close(false));
  app.on("answer", (answer) => {
    Object.keys(answer.cells || {}).forEach((address) => {
      app.frame.querySelectorAll(`.suggest[data-address="${CSS.escape(address)}"]`).forEach((button) => {
        const text = answer.cells[address].text;
        button.textContent = text ? `建议 ${text}` : "怎么给分";
        button.setAttribute("aria-label", text ? `建议 ${text}，看怎么算的` : "怎么给分");
      });
    });
    if (popover) {
      refresh();
    }
  });
})(window.ziping);
