// An equation too wide for the window is moved sideways: by a finger, or, once it can be focused, by
// the arrow keys.
function letWideEquationsBeFocused() {
  for (const equation of document.querySelectorAll("mjx-container")) {
    if (equation.scrollWidth > equation.clientWidth) {
      equation.tabIndex = 0;
    } else {
      equation.removeAttribute("tabindex");
    }
  }
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  letWideEquationsBeFocused();
  window.addEventListener("resize", letWideEquationsBeFocused);
});
