/* 审核时标出要改的格：点一格，按“标记要改”；退回时一起带给单位。 */
(function (app) {
  "use strict";

  const KEY = app.settings.flagsKey;
  const button = document.getElementById("flag-cell");
  const count = document.querySelector("[data-flag-count]");
  const form = document.querySelector("form[data-takes-flags]");
  if (!KEY || !button || !form) {
    return;
  }

  const list = form.querySelector("[data-flags]");
  const reason = form.querySelector("textarea");
  let flags = new Map(JSON.parse(sessionStorage.getItem(KEY) || "[]")); // 地址 → 叫什么
  let current = null;

  function mark() {
    app.frame.querySelectorAll(".flagged").forEach((cell) => cell.classList.remove("flagged"));
    flags.forEach((_, address) => {
      app.cells(address).forEach((node) => app.frame.contains(node) && app.box(node).classList.add("flagged"));
    });
  }

  function line([address, label]) {
    const input = app.element("input", "");
    input.type = "hidden";
    input.name = "flags";
    input.value = address;
    const drop = app.button("去掉", "link-button", () => toggle(address, label));
    return app.element("li", "", input, app.element("span", "", label), drop);
  }

  function show() {
    sessionStorage.setItem(KEY, JSON.stringify(Array.from(flags)));
    mark();
    count.hidden = !flags.size;
    count.textContent = `已标出 ${flags.size} 处`;
    list.textContent = "";
    if (flags.size) {
      list.append(app.element("p", "form-label", `标出要改的 ${flags.size} 处`), app.element("ul", "flag-list", ...Array.from(flags, line)));
    }
    reason.required = !flags.size;
    form.dispatchEvent(new Event("input", { bubbles: true }));
    button.hidden = !current;
    button.setAttribute("aria-pressed", String(Boolean(current && flags.has(current.dataset.address))));
    button.lastChild.textContent = current && flags.has(current.dataset.address) ? "不用改" : "标记要改";
  }

  function toggle(address, label) {
    if (!flags.delete(address)) {
      flags.set(address, label);
    }
    show();
  }

  document.addEventListener("focusin", (event) => {
    const node = event.target;
    if (node.matches(".v[data-address]") && app.frame.contains(node)) {
      current = node;
      show();
    }
  });
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    const name = document.querySelector(".cell-name").textContent || current.dataset.address;
    toggle(current.dataset.address, name);
  });
  show();
})(window.ziping);
