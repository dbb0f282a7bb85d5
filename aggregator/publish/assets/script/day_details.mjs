import { TEXTS } from './texts.mjs'
import { covers, labels, span } from './days.mjs'

/** The worst first, as the style sheet names them. */
const WORST_FIRST = 'jpdnmo'

const capital = text => text.charAt(0).toLocaleUpperCase(document.documentElement.lang) + text.slice(1)

/** What follows an element up to the next state or link. */
const textAfter = element => {
  let text = ''
  for (let next = element.nextSibling; next && !['B', 'A'].includes(next.nodeName) && !next.querySelector?.('a, b'); next = next.nextSibling) {
    text += next.textContent
  }
  return TEXTS.withoutEnd(text.trim())
}

/** The line of a list that is about the day. */
export const lineOf = (list, day) => {
  if (!list) return undefined
  const all = labels(document.getElementById('main').dataset.today)
  return [...list.children].find(line => {
    const [first, last] = span(line.firstChild.textContent, all)
    return day >= first && day <= last
  })
}

const states = line => [...line.querySelectorAll('b')].map(state => ({
  tone: state.className, label: capital(state.textContent), lasting: textAfter(state),
}))

const listOf = row => row.querySelector('.t')

/** What the key calls the day's mark, if no list says more. */
const mark = (bar, day) => {
  const path = [...bar.children].find(one => covers(one.getAttribute('d'), day))
  const tone = path?.getAttribute('class')
  const word = document.querySelector(`.k path.${tone}`)?.closest('li').textContent
  return { tone, label: word ?? TEXTS.notMonitored, lasting: '' }
}

/** What happened to a component on a day, as its list says it. */
const ofComponent = (bar, day) => {
  const line = lineOf(listOf(bar.closest('.x, .e')), day)
  if (!line) return { states: [mark(bar, day)], links: [] }
  return { label: line.firstChild.textContent, states: states(line), links: [...line.querySelectorAll('a')] }
}

/** What happened to the components of a group on a day: the worst state of each, the worst three. */
const ofGroup = (bar, day) => {
  const found = []
  for (const row of bar.closest('.z').querySelectorAll('.x')) {
    const line = lineOf(listOf(row), day)
    if (line) found.push({ ...states(line)[0], name: row.querySelector('.nm bdi').textContent })
  }
  found.sort((one, other) => WORST_FIRST.indexOf(one.tone) - WORST_FIRST.indexOf(other.tone))
  if (!found.length) return { states: [mark(bar, day)], links: [] }
  return { states: found.slice(0, 3), more: found.length - 3, links: [] }
}

/** All that a bubble says about a day. */
export const details = (bar, day) => {
  const isGroup = bar.parentNode.matches('.z > summary')
  const found = isGroup ? ofGroup(bar, day) : ofComponent(bar, day)
  return { isGroup, day: labels(document.getElementById('main').dataset.today)[day], ...found }
}
