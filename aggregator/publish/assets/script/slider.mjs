import { keep } from './morph.mjs'

/** Makes an element one tab stop whose value the arrow keys change: `values` are numbered from 0. */
export const slider = (element, label, values) => keep(element, {
  tabindex: 0, role: 'slider', 'aria-hidden': null, 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': values - 1,
})

/** The value of a slider, and what is said of it. */
export const setValue = (element, value, text) => keep(element, { 'aria-valuenow': value, 'aria-valuetext': text })

/** Calls `prepare` now and whenever a newer document brings elements. */
export const whenever = prepare => {
  prepare()
  new MutationObserver(prepare).observe(document.getElementById('main'), { childList: true, subtree: true })
}
