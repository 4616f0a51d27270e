/* 展开的小菜单：点别处、按 Esc 收起，焦点回到它的按钮。 */
(function () {
  "use strict";

  const menus = () => Array.from(document.querySelectorAll("details[data-menu][open]"));

  document.addEventListener("click", (event) => {
    menus().forEach((menu) => {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") {
      return;
    }
    menus().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
})();
