/* 右栏开合：按钮，或 Ctrl+]。 */
(function () {
  "use strict";

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
