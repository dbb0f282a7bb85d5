// What every page must be, whatever it shows. Each check returns what is wrong, as lines.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds; by the rules with these `tags` alone if there are any. */
export async function accessible(page, tags) {
  await page.evaluate(axe)
  const run = tags => window.axe.run(document, { resultTypes: ['violations'], ...tags && { runOnly: tags } })
  const { violations } = await page.evaluate(run, tags)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replaceAll('\n', ' ')}`))
}

/** Nothing is beside the window. */
export async function fits(page) {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  return excess > 0 ? [`${excess} px wider than the window`] : []
}

/** One headline that is seen, and a language with its direction; which language, if `wanted` says so. */
export function headed(page, wanted) {
  return page.evaluate(wanted => {
    const wrong = []
    const { lang } = document.documentElement
    const { direction } = getComputedStyle(document.documentElement)
    if (!lang || (wanted && lang !== wanted)) wrong.push(`lang is "${lang}" and not "${wanted ?? 'en'}"`)
    if (direction !== (lang.startsWith('ar') ? 'rtl' : 'ltr')) wrong.push(`${direction} is not the direction of ${lang}`)
    const headlines = [...document.querySelectorAll('h1')]
    if (headlines.length !== 1) wrong.push(`${headlines.length} headlines`)
    for (const headline of headlines) {
      const { width, height } = headline.getBoundingClientRect()
      if (!headline.innerText.trim() || !headline.checkVisibility() || width < 10 || height < 10) wrong.push(`the headline is not seen: ${headline.outerHTML}`)
    }
    if (!document.title.trim()) wrong.push('no title')
    return wrong
  }, wanted)
}

/** With the spacing of text that WCAG 1.4.12 lets readers choose, nothing is cut off. Changes the page. */
export async function spacious(page) {
  const clipped = await page.evaluate(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-block-end:2em!important}')
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    const hides = overflow => ['hidden', 'clip'].includes(overflow)
    /** For screen readers alone. */
    const unseen = element => element.clientWidth <= 1 || element.clientHeight <= 1
    return [...document.body.querySelectorAll('*')].filter(element => {
      const { overflowX, overflowY } = getComputedStyle(element)
      const over = (hides(overflowX) && element.scrollWidth > element.clientWidth + 1) ||
        (hides(overflowY) && element.scrollHeight > element.clientHeight + 1)
      return over && !element.closest('svg') && !unseen(element) && element.checkVisibility() && element.innerText.trim()
    }).map(element => element.outerHTML.slice(0, 120))
  })
  return [...clipped.map(element => `cut off with more space between letters: ${element}`), ...await fits(page)]
}
