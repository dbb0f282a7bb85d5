import { chart } from './chart.mjs'

// BUBBLE_CSS is `bubble.css`, where the scripts are joined.
chart(BUBBLE_CSS)
