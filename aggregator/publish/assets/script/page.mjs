import { bubbles } from './bubble.mjs'
import { refresh } from './refresh.mjs'
import { unfoldOnPaper } from './print.mjs'

const main = document.getElementById('main')
if (main?.dataset.until) {
  refresh(main, 'alone' in main.dataset ? null : new URL('../api/v2/status.json', document.currentScript.src))
}
// BUBBLE_CSS and PRINT_CSS are `bubble.css` and `print.css`, where the scripts are joined.
bubbles(BUBBLE_CSS)
unfoldOnPaper(PRINT_CSS)
