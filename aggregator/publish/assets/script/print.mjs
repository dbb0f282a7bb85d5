import { TEXTS } from './texts.mjs'
import { addSheet } from './tip.mjs'

/** Where the document is, and the time that it is about, at the foot of each sheet of paper. */
const foot = () => {
  const time = document.querySelector('.at time')?.textContent
  const address = document.querySelector('link[rel=canonical]')?.href
  const text = [address, time && TEXTS.asOf(time)].filter(Boolean).join(' ')
  return `@page{@bottom-left{content:${JSON.stringify(text)}}}`
}

/** Paper shows every list, as the sheet `css` arranges it. */
export const unfoldOnPaper = css => {
  if (document.adoptedStyleSheets) addSheet(css)
  const paper = document.adoptedStyleSheets && addSheet('')
  let folded = []
  addEventListener('beforeprint', () => {
    paper?.replaceSync(foot())
    folded = [...document.querySelectorAll('details:not([open])')]
    for (const row of folded) row.open = true
  })
  addEventListener('afterprint', () => { for (const row of folded) row.open = false })
}
