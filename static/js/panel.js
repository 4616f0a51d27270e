/* 右栏开合：按钮，或 Ctrl+]；窄屏上打开的表签滚进来。 */
(function () {
  "use strict";

  // 窄屏上表签在栏内横向滚动：打开的这张要看得见
  const here = document.querySelector(".sheets [aria-current], .review-tabs [aria-current]");
  if (here) {
    here.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  const split = document.querySelector(".split");
  const toggle = document.getElementById("panel-toggle");
  if (!split || !toggle) {
    return;
  }

  function set(closed) {
    split.classList.toggle("panel-closed", closed);
    toggle.setAttribute("aria-expanded", String(!closed));
    window.ziping.emit("panel");
  }

  const flip = () => set(!split.classList.contains("panel-closed"));

  document.querySelectorAll("[data-toggle-panel]").forEach((button) => {
    button.addEventListener("click", () => {
      flip();
      toggle.focus();
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "]") {
      event.preventDefault();
      flip();
    }
  });
  if (window.matchMedia("(max-width: 1199px)").matches) {
    set(true);
  }
})();
