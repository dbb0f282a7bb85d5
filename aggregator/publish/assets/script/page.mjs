import { bubbles } from './bubble.mjs'
import { refresh } from './refresh.mjs'
import { unfoldOnPaper } from './print.mjs'

const main = document.getElementById('main')
if (main?.dataset.until) {
  const here = document.currentScript.src
  // OLD_ICON is the name of the grey ring, which stands beside the script, where the scripts are joined.
  refresh(main, 'alone' in main.dataset ? null : new URL('../api/v2/status.json', here), new URL(OLD_ICON, here).href)
}
// BUBBLE_CSS and PRINT_CSS are `bubble.css` and `print.css`, where the scripts are joined.
bubbles(BUBBLE_CSS)
unfoldOnPaper(PRINT_CSS)
