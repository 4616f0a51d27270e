/* 打印预览：打印按钮。 */
(function () {
  "use strict";

  document.getElementById("print").addEventListener("click", () => window.print());
})();
