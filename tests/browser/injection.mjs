// node injection.mjs PROGRAM
// Starts an aggregator, writes hostile texts through its API into every field that visitors see, and opens every public address
// in a browser that does not apply the security policy: nothing runs, nothing is asked of another origin, and the documents
// contain nothing that could do either.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { aggregator, json, until } from './aggregator.mjs'
import { launch } from './visit.mjs'

const program = process.argv[2]
const corpus = JSON.parse(readFileSync(new URL('../fixtures/injection.json', import.meta.url), 'utf8'))
const TABS = 4

const { root, page: pageId, send, stop } = await aggregator(program, `[[page]]
key = "main"
name = "<img src=x onerror=xss()>\\"' {{1337*7331}}"
public = true
[[page.component]]
key = "mail"
name = "Mail"
manual = true
`)
const site = `${root}/status/main`

const after = hours => new Date(Date.now() + hours * 3_600_000).toISOString()

/** Writes `text` into every field. A field may refuse it, but for no other reason than the text. */
async function write(text) {
  const made = await send('POST', '/components', { component: { name: text, description: text } }) ??
    await send('POST', '/components', { component: { name: 'Plain', description: text } }) ??
    await send('POST', '/components', { component: { name: 'Plain' } })
  const component = made.id
  await send('POST', '/component-groups', { description: text, component_group: { name: text, components: [component] } })
  const announce = async incident => {
    const made = await send('POST', '/incidents', { incident: { name: text, ...incident } }) ??
      await send('POST', '/incidents', { incident: { name: 'Plain', ...incident } })
    return made.id
  }
  // A text of nothing but markup is refused, since nothing of it would be shown.
  const body = `We look into ${text} now.\n\n${text}\n\n- ${text}`
  const incident = await announce({ body, components: { [component]: 'degraded_performance' } })
  await send('PATCH', `/incidents/${incident}`, { incident: { status: 'resolved', body, components: { [component]: 'operational' } } })
  await send('PUT', `/incidents/${incident}/postmortem`, { postmortem: { body_draft: body } })
  await send('PUT', `/incidents/${incident}/postmortem/publish`, {})
  const notice = async title => send('POST', '/api/v1/announcements', { title, body, level: 'warning', page_ids: [pageId] })
  const announcement = (await notice(text) ?? await notice('Plain')).id
  const planned = { body, status: 'scheduled', component_ids: [component], scheduled_for: after(24), scheduled_until: after(26) }
  return { component, incident, announcement, maintenance: await announce(planned) }
}

/** What a document must not contain: a list of complaints. Runs in the browser. */
function look() {
  const complaints = [...(window.ran ?? [])].map(one => `ran: ${one}`)
  const own = new Set(['script', 'style', 'link', 'meta', 'title'])
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName
    if (['iframe', 'object', 'embed', 'img', 'base', 'form', 'input', 'template', 'math', 'animate', 'textarea', 'foreignobject'].includes(name)) {
      complaints.push(`an element ${name}`)
    }
    if (own.has(name) && element.closest('main')) complaints.push(`${name} within the contents`)
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith('on')) complaints.push(`${name} has ${attribute}`)
      if (['href', 'src', 'action', 'xlink:href', 'formaction'].includes(attribute)) {
        const { protocol } = new URL(value, location.href)
        if (!['http:', 'https:', 'mailto:'].includes(protocol)) complaints.push(`${name} leads to ${value}`)
      }
    }
  }
  if ((document.documentElement?.textContent ?? '').includes('9801547')) complaints.push('a template was evaluated')
  return complaints
}

/** A tab that does not apply the security policy; what runs in it or leaves the origin becomes a complaint. */
async function tab(browser, complaints) {
  const context = await browser.newContext({ bypassCSP: true, reducedMotion: 'reduce' })
  await context.addInitScript(() => {
    window.ran = []
    window.xss = () => window.ran.push(`xss() at ${location.pathname}`)
    for (const name of ['alert', 'confirm', 'prompt', 'open']) window[name] = text => window.ran.push(`${name}(${text})`)
  })
  await context.route('**/*', route => {
    const asked = route.request().url()
    if (asked.startsWith(`${root}/`)) return route.continue()
    complaints.push(`asked for ${asked}`)
    return route.abort()
  })
  const page = await context.newPage()
  page.on('pageerror', error => complaints.push(String(error)))
  return page
}

/** Texts that are markup are noticed: the same tab with a document that contains them as they are. */
async function detects(browser) {
  const complaints = []
  const page = await tab(browser, complaints)
  await page.route(`${root}/hostile`, route => route.fulfill({ contentType: 'text/html', body: `<main>${corpus.map(one => one.text).join('')}</main>` }))
  await page.goto(`${root}/hostile`, { waitUntil: 'load' })
  complaints.push(...await page.evaluate(look))
  for (const wanted of ['ran: xss()', 'asked for https://evil.example/', 'an element img', 'script within the contents', 'img has onerror']) {
    assert.ok(complaints.some(complaint => complaint.startsWith(wanted)), `${wanted} is not noticed: ${complaints.join('; ')}`)
  }
  await page.context().close()
}

async function visit(browser, paths, complaints) {
  const page = await tab(browser, complaints)
  for (let path; (path = paths.shift()) !== undefined;) {
    const response = await page.goto(`${site}${path}`, { waitUntil: 'load' })
    assert.equal(response.status(), 200, path)
    if (response.headers()['content-type'].startsWith('application/json')) JSON.parse(await response.text())
    const found = await page.evaluate(look)
    complaints.push(...found.map(complaint => `${path}: ${complaint}`))
    assert.equal(page.url(), `${site}${path}`, 'it stays where it is')
  }
  await page.context().close()
}

try {
  const written = []
  const left = [...corpus]
  await Promise.all(Array.from({ length: TABS }, async () => {
    for (let one; (one = left.shift());) written.push(await write(one.text))
  }))
  await until('the publication of everything', async () => {
    const { components, scheduled_maintenances: planned } = await json(`${site}/api/v2/summary.json`)
    const shown = new Set([...components, ...planned].map(one => one.id))
    if (!written.every(one => shown.has(one.component) && shown.has(one.maintenance))) return false
    const own = written.flatMap(one => [`incidents/${one.incident}`, `announcements/${one.announcement}`])
    const pages = await Promise.all(own.map(path => fetch(`${site}/${path}`)))
    return pages.every(page => page.ok)
  })
  const month = new Date().toISOString().slice(0, 7)
  const paths = ['/', '/history', `/history/${month}`, '/uptime', '/badge.svg', '/badge.json', '/api/v2/summary.json', '/api/v2/status.json',
    '/api/v2/components.json', '/api/v2/incidents.json', '/api/v2/incidents/unresolved.json', '/api/v2/scheduled-maintenances.json',
    '/api/v2/scheduled-maintenances/upcoming.json', '/api/v2/scheduled-maintenances/active.json']
  for (const { component, incident, maintenance, announcement } of written) {
    paths.push(`/components/${component}`, `/components/${component}/badge.svg`, `/incidents/${incident}`, `/maintenance/${maintenance}`,
      `/announcements/${announcement}`)
  }
  const number = paths.length
  const complaints = []
  const browser = await launch()
  try {
    await detects(browser)
    await Promise.all(Array.from({ length: TABS }, () => visit(browser, paths, complaints)))
  } finally {
    await browser.close()
  }
  assert.deepEqual(complaints, [])
  console.log(`${corpus.length} hostile texts, ${number} addresses: nothing ran`)
} finally {
  await stop()
}
