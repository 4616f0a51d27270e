/* 算式说明：点 ƒ 或在计算格上按回车，在格子下面展开；Esc 关上，焦点回去。 */
(function (app) {
  "use strict";

  if (!app.frame || !app.settings.whyUrl) {
    return;
  }

  let popover = null;
  let opener = null;

  function close(returnFocus) {
    if (!popover) {
      return;
    }
    popover.remove();
    popover = null;
    opener.removeAttribute("aria-expanded");
    if (returnFocus) {
      opener.focus();
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

  async function open(address, from) {
    close(false);
    let html;
    try {
      html = await app.request(`${app.settings.whyUrl}?address=${encodeURIComponent(address)}`);
    } catch (error) {
      app.banner("why", "err", error instanceof app.Refused ? error.message : "网络断开，看不到算式。");
      return;
    }
    close(false);
    app.banner("why", "", "");
    opener = from;
    opener.setAttribute("aria-expanded", "true");
    popover = app.element("div", "popover-why");
    popover.setAttribute("role", "dialog");
    popover.innerHTML = html;
    popover.setAttribute("aria-labelledby", "why-title");
    app.frame.append(popover);
    place(from.closest("td"));
    popover.querySelector("[data-close]").focus({ preventScroll: true });
  }

  app.frame.addEventListener("click", (event) => {
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
    } else if (event.key === "Enter" && event.target.matches(".computed .v")) {
      event.preventDefault();
      open(event.target.dataset.address, event.target);
    }
  });
  document.addEventListener("mousedown", (event) => {
    if (popover && !popover.contains(event.target) && !event.target.closest(".computed")) {
      close(false);
    }
  });
  app.on("redrawn", () => {
    popover = null;
  });
})(window.ziping);
