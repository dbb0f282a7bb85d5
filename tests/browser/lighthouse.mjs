// node lighthouse.mjs [--long] PROGRAM BENCH_SYSTEM
// Lighthouse on the pages of a real aggregator with 60 components and ninety days. Prints the scores in each category. Accessibility,
// best practices and SEO have to be 100. Performance depends on what else the machine does: it is printed, and has to be 100 in the
// median of several runs with --long, which looks at more pages, too.
import { execFileSync } from 'node:child_process'
import lighthouse, { desktopConfig } from 'lighthouse'
import { aggregator, freePort, json, until } from './aggregator.mjs'
import { launch } from './visit.mjs'

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo']
const GROUPS = ['Website and accounts', 'Payments', 'API', 'Messaging', 'Data platform', 'Storage', 'Regions', 'Partners', 'Reports', 'Support']
const CHILDREN = 6
const ROUNDS = 5
const FORMS = { mobile: undefined, desktop: desktopConfig }

const long = process.argv.includes('--long')
const [program, bench] = process.argv.slice(2).filter(argument => argument !== '--long')

const pages = `[[page]]
key = "main"
name = "Northwind status"
public = true
listed = true
support_url = "https://example.com/help"
${GROUPS.map((group, place) => `[[page.group]]
key = "g${place}"
name = "${group}"
${Array.from({ length: CHILDREN }, (_, child) => `[[page.group.component]]
key = "c${place}-${child}"
name = "${group} ${child + 1}"
manual = true
`).join('')}`).join('')}`

/** Ninety days in which five of a hundred are bad. */
const past = config => execFileSync(bench, ['history', config, '0', '0'])
const { root, send, stop } = await aggregator(program, pages, past)
const site = root
const port = await freePort()
const browser = await launch([`--remote-debugging-port=${port}`])

/** An outage with an incident, another component that is slow, and maintenance to come. Returns the pages to look at. */
async function fire() {
  const [{ id: cards }, { id: refunds }, { id: hooks }] = (await json(`${site}/api/v2/components.json`)).components.filter(one => !one.group)
  const affected = { [cards]: 'major_outage', [refunds]: 'partial_outage' }
  const body = 'Our card processor refuses connections from one of our two data centres. We are moving all traffic to the other.'
  const { id: incident } = await send('POST', '/incidents', { incident: { name: 'Card payments declined', body, components: affected } })
  await send('PATCH', `/incidents/${incident}`, { incident: { status: 'identified', body: 'About half has moved.' } })
  await send('PATCH', `/components/${hooks}`, { component: { status: 'degraded_performance' } })
  const soon = hours => new Date(Date.now() + hours * 3_600_000).toISOString()
  const planned = { name: 'Database upgrade', body: 'Reports are read-only.', status: 'scheduled', component_ids: [hooks], scheduled_for: soon(24), scheduled_until: soon(26) }
  const { id: maintenance } = await send('POST', '/incidents', { incident: planned })
  await until('the publication of everything', async () => {
    const { incidents, scheduled_maintenances: announced, status } = await json(`${site}/api/v2/summary.json`)
    return incidents[0]?.incident_updates.length === 2 && announced.length === 1 && status.indicator !== 'none'
  })
  return { component: `components/${cards}`, incident: `incidents/${incident}`, maintenance: `maintenance/${maintenance}` }
}

const middle = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** Looks at a page and prints its scores; returns what is not good enough. */
async function look(name, path, form) {
  const wrong = []
  const scores = Object.fromEntries(CATEGORIES.map(category => [category, []]))
  for (let round = 0; round < (long ? ROUNDS : 1); round++) {
    const { lhr } = await lighthouse(`${site}/${path}`, { port, logLevel: 'error', onlyCategories: CATEGORIES }, FORMS[form])
    if (lhr.runtimeError) throw new Error(`${name}: ${lhr.runtimeError.message}`)
    for (const category of CATEGORIES) {
      const { score, auditRefs } = lhr.categories[category]
      scores[category].push(Math.round(score * 100))
      const missed = auditRefs.filter(({ id, weight }) => weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 1)
      if (score < 1) wrong.push(...missed.map(({ id }) => `${category}: ${id}: ${lhr.audits[id].score} ${lhr.audits[id].displayValue ?? ''}`))
    }
  }
  const shown = CATEGORIES.map(category => `${category} ${middle(scores[category])}`)
  console.log(`${name}, ${form}: ${shown.join(', ')}`)
  const judged = CATEGORIES.filter(category => long || category !== 'performance')
  const good = judged.every(category => category === 'performance' ? middle(scores[category]) === 100 : scores[category].every(score => score === 100))
  return good ? [] : [...new Set(wrong)].map(line => `${name}, ${form}: ${line}`)
}

let cases = 0
const findings = []
async function visit(pages, forms = Object.keys(FORMS)) {
  for (const [name, path] of Object.entries(pages)) for (const form of forms) {
    cases++
    findings.push(...await look(name, path, form))
  }
}
try {
  if (long) await visit({ 'everything operational': '' })
  const { component, incident, maintenance } = await fire()
  if (long) await visit({ 'on fire': '', component, incident, maintenance, history: 'history', uptime: 'uptime' })
  else {
    await visit({ 'on fire': '' }, ['mobile'])
    await visit({ component }, ['desktop'])
  }
} finally {
  await browser.close()
  await stop()
}
for (const finding of findings) console.log(finding)
console.log(`${cases} cases, ${findings.length} findings`)
process.exitCode = findings.length ? 1 : 0
