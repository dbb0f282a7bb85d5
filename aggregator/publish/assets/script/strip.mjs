import { TEXTS } from './texts.mjs'
import { drawIcon } from './icons.mjs'

const element = (name, kind, ...content) => {
  const made = document.createElement(name)
  made.className = kind
  made.append(...content)
  return made
}

/** Puts a strip in the place of an element, in a tree of its own that no style of the page reaches, and returns a function that
 * shows a state on it: a `status`, a `headline`, and `lines` for the box below it. `css` is its style sheet. */
export const strip = (place, href, css) => {
  const host = document.createElement('div')
  const shadow = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  shadow.adoptedStyleSheets = [sheet]
  const link = element('a', 'w')
  link.href = href
  const box = element('div', 'bx')
  box.id = 'details'
  box.setAttribute('role', 'tooltip')
  link.setAttribute('aria-describedby', box.id)
  const root = element('div', 'st', link, box)
  root.addEventListener('keydown', event => root.classList.toggle('closed', event.key === 'Escape'))
  for (const kind of ['pointerleave', 'focusout']) root.addEventListener(kind, () => root.classList.remove('closed'))
  shadow.append(root)
  let shown
  return ({ status, headline, lines }) => {
    const text = [status, headline, ...lines].join('\n')
    if (text === shown) return
    shown = text
    const [tone, icon] = drawIcon(status)
    const words = element('b', '', headline)
    words.dir = 'auto'
    link.className = `w ${tone}`
    link.replaceChildren(icon, words, element('span', 'de', TEXTS.details))
    box.replaceChildren(...lines.map((line, index) => {
      const paragraph = element('p', index ? 'q' : '', line)
      paragraph.dir = 'auto'
      return paragraph
    }))
    if (!host.isConnected) place(host)
  }
}
