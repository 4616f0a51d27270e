/* 勾选：数选了几个、全选、按支选、在树里找；复制一段话。没有脚本时照样能勾、能送。 */
(function () {
  "use strict";

  function setUp(form) {
    const boxes = Array.from(form.querySelectorAll('input[type="checkbox"][name]'));
    const every = form.querySelector("[data-choose-every]");
    const shown = (box) => !box.closest("[hidden]");

    function count() {
      const chosen = boxes.filter((box) => box.checked).length;
      form.querySelectorAll("[data-choose-count]").forEach((node) => {
        node.textContent = chosen;
      });
      if (every) {
        every.checked = chosen === boxes.length;
        every.indeterminate = chosen > 0 && chosen < boxes.length;
      }
    }

    function set(list, checked) {
      list.filter((box) => !box.disabled).forEach((box) => {
        box.checked = checked;
      });
      count();
    }

    form.querySelectorAll("[data-choose-tools], [data-branch-acts], [data-choose-every]").forEach((node) => {
      node.hidden = false;
    });
    form.addEventListener("change", count);
    if (every) {
      every.addEventListener("change", () => set(boxes, every.checked));
    }
    form.querySelectorAll("[data-choose-all]").forEach((button) => {
      button.addEventListener("click", () => set(boxes.filter(shown), button.dataset.chooseAll === "yes"));
    });
    form.querySelectorAll("[data-branch]").forEach((button) => {
      button.addEventListener("click", () => {
        const inside = Array.from(button.closest("[data-node]").querySelectorAll('input[type="checkbox"]'));
        set(inside.filter(shown), button.dataset.branch === "yes");
      });
    });
    find(form);
    count();
  }

  /** 按名称或编码找：自己对上，或下面有对上的，才露出来。 */
  function find(form) {
    const field = form.querySelector("[data-choose-search]");
    if (!field) {
      return;
    }
    const nodes = Array.from(form.querySelectorAll("[data-node]"));
    const none = form.querySelector("[data-choose-none]");
    field.addEventListener("input", () => {
      const words = field.value.trim();
      const hits = new Set(nodes.filter((node) => node.dataset.words.includes(words)));
      nodes.forEach((node) => {
        const inside = Array.from(node.querySelectorAll("[data-node]"));
        const above = hits.has(node.parentElement.closest("[data-node]"));
        if (above) {
          hits.add(node);
        }
        node.hidden = !hits.has(node) && !inside.some((one) => hits.has(one));
      });
      none.hidden = nodes.some((node) => !node.hidden);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
      }
    });
  }

  document.querySelectorAll("form[data-choose]").forEach(setUp);

  document.querySelectorAll("[data-copy]").forEach((button) => {
    const area = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", () => {
      area.select();
      document.execCommand("copy");
      button.textContent = "已复制";
    });
  });

  // 上移、下移以后光标还在那一条上，可以接着按
  const moved = new URLSearchParams(location.search);
  const same = document.getElementById(`${moved.get("act")}-${moved.get("moved")}`);
  if (same) {
    (same.disabled ? document.getElementById(`${moved.get("act") === "up" ? "down" : "up"}-${moved.get("moved")}`) : same).focus();
  }
})();
