import { TEXTS } from './texts.mjs'
import { DAYS } from './days.mjs'
import { details, lineOf } from './day_details.mjs'
import { adopt, element, tip } from './tip.mjs'
import { setValue, slider, whenever } from './slider.mjs'

/** The heights of marks, as the style sheet draws them. */
const HEIGHTS = { o: 4.5, d: 12.5, m: 12.5, p: 20, j: 28, n: 28, w0: 2.5 }
/** The bar of a page of its own has no row: it is a tab stop itself. */
const OWN = '.e > .b'
const BARS = `.x > summary > .b, .z > summary > .b, ${OWN}`
const SVG = 'http://www.w3.org/2000/svg'

const icon = tone => {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'i')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(document.createElementNS(SVG, 'use'))
  svg.firstChild.setAttribute('href', `#${tone}`)
  return svg
}

/** What follows a state: " 12 min", or ", corrected: false alarm". */
const after = lasting => lasting && (lasting.startsWith(',') ? lasting : ` ${lasting}`)

const line = ({ tone, label, lasting, name }) => {
  const state = element('span', '', element('b', '', label), after(lasting))
  const hasIcon = document.getElementById(tone)?.nodeName === 'symbol'
  return element('p', hasIcon ? `ts ${tone}` : 'ts', ...(hasIcon ? [icon(tone)] : []), ...(name ? [element('bdi', '', name)] : []), state)
}

const dayOf = found => found.label?.trim() || found.day

/** A day as the value of a slider. */
const told = found => [
  dayOf(found), ...found.states.map(({ label, lasting }) => label + after(lasting)), ...found.links.map(link => link.textContent),
].join(', ')

const content = found => [
  element('p', 'tq', dayOf(found)),
  ...found.states.map(line),
  ...(found.more > 0 ? [element('p', 'tq', TEXTS.more(found.more))] : []),
  ...found.links.map(link => element('p', '', link.cloneNode(true))),
]

/** A phone shows the last third of a bar. */
const shown = () => matchMedia('(max-width:36rem)').matches ? 30 : DAYS
/** What a bar is wide, in days: the last one has no gap behind its mark. */
const breadth = () => shown() - 0.25
const mirrored = bar => getComputedStyle(bar).direction === 'rtl'

/** The day of a bar at a place of the window. */
const dayAt = (bar, x) => {
  const box = bar.getBoundingClientRect()
  const share = Math.min(0.999, Math.max(0, (x - box.left) / box.width))
  return DAYS - shown() + Math.floor((mirrored(bar) ? 0.999 - share : share) * breadth())
}

/** Says below a bar what happened on the day that is pointed at, or chosen with the arrow keys: what the list says, nothing
 * more. `css` is its style sheet. A finger gets no bubble: it unfolds the list and finds the day's line raised. */
export const bubbles = css => {
  if (!document.adoptedStyleSheets || !document.querySelector(BARS)) return
  adopt(css)
  const { bubble, hide, place } = tip('to')
  // A slider says its value itself.
  if (!document.querySelector(OWN)) bubble.setAttribute('role', 'status')
  let day = DAYS - 1
  let finger = false

  const outline = (bar, tone) => {
    const box = bar.getBoundingClientRect()
    const unit = box.width / breadth()
    const index = day - DAYS + shown()
    // A mark is three quarters of its day, at its beginning.
    const start = mirrored(bar) ? box.right - (index + 0.75) * unit : box.left + index * unit
    const height = (HEIGHTS[tone] ?? HEIGHTS.o) + 5
    const mark = { left: start - 2.5, top: (box.top + box.bottom - height) / 2, width: 0.75 * unit + 5, height }
    place(box, start + 0.375 * unit, mark)
  }

  const show = bar => {
    const found = details(bar, day)
    bubble.replaceChildren(...content(found))
    bubble.classList.toggle('tg', found.isGroup)
    outline(bar, found.states[0].tone)
    if (bar.matches(OWN)) setValue(bar, day, told(found))
  }

  const barAt = target => target.closest?.(BARS)

  document.addEventListener('pointermove', event => {
    if (event.pointerType === 'touch' || bubble.contains(event.target)) return
    const bar = barAt(event.target)
    if (!bar) return hide()
    day = dayAt(bar, event.clientX)
    show(bar)
  })
  document.addEventListener('pointerdown', event => {
    finger = event.pointerType === 'touch'
    if (finger) hide()
  }, true)
  document.addEventListener('click', event => {
    const bar = finger && barAt(event.target)
    if (!bar) return
    const row = bar.closest('.x, .e')
    if (!row) return
    for (const pointed of document.querySelectorAll('[data-pointed]')) delete pointed.dataset.pointed
    if (row.open) event.preventDefault()
    const found = lineOf(row.querySelector('.t'), dayAt(bar, event.clientX))
    if (found) found.dataset.pointed = ''
  })
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') return hide()
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const active = document.activeElement
    const bar = step && (active.matches(OWN) ? active : active.matches('summary') && active.querySelector(':scope > .b'))
    if (!bar || !bar.getClientRects().length) return
    event.preventDefault()
    if (!bubble.hidden) day += mirrored(bar) ? -step : step
    day = Math.min(DAYS - 1, Math.max(DAYS - shown(), day))
    show(bar)
  })
  document.addEventListener('focusin', () => { day = DAYS - 1; hide() })
  document.addEventListener('focusout', hide)
  whenever(() => {
    for (const bar of document.querySelectorAll(OWN)) {
      slider(bar, bar.closest('section').querySelector('h2').textContent, DAYS)
      if (!bar.hasAttribute('aria-valuenow')) setValue(bar, DAYS - 1, told(details(bar, DAYS - 1)))
    }
  })
}
