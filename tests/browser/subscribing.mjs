// node subscribing.mjs PROGRAM [PICTURES]
// Visitors of a real aggregator subscribe by mail, confirm, choose, save, download and stop; follow one incident alone; have a webhook
// called: with keyboard and pointer, with and without scripts, on a desktop and on a phone, light and dark. What they see on the way
// has one headline, fits the window, and has no finding of axe. Takes pictures of it, if told where to.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aggregator, until } from './aggregator.mjs'
import { endpoint, isSigned } from './endpoint.mjs'
import { linkAfter, mailsTo } from './mails.mjs'
import { reader } from './reader.mjs'
import { atOnce, launch } from './visit.mjs'

const [program, pictures] = process.argv.slice(2)
if (pictures) mkdirSync(pictures, { recursive: true })
const mails = mkdtempSync(join(tmpdir(), 'skerry-mails-'))
const WITNESS = 'witness@example.com'
/** So many at the same time: they wait more than they compute. */
const WALKS = 4
/** Each of width, theme, scripts and hand with each other one. */
const READERS = [
  { width: 1280, colorScheme: 'light', scripts: true, keyboard: true },
  { width: 360, colorScheme: 'dark', scripts: false, keyboard: true },
  { width: 1280, colorScheme: 'dark', scripts: false, keyboard: false },
  { width: 360, colorScheme: 'light', scripts: true, keyboard: false },
]

/** Its webhooks lead nowhere but to 127.0.0.2, which is not public either. */
const { root, send, stop } = await aggregator(program, `[mail]
address = "status@northwind.example"
directory = "${mails}"
[subscribers]
allow_http = true
allow_networks = ["127.0.0.2/32"]
[[page]]
key = "main"
name = "Northwind status"
public = true
support_url = "https://example.com/help"
[[page.group]]
key = "payments"
name = "Payments"
[[page.group.component]]
key = "cards"
name = "Card payments"
manual = true
[[page.group.component]]
key = "refunds"
name = "Refunds"
manual = true
[[page.component]]
key = "site"
name = "Website and accounts"
manual = true
[[page.component]]
key = "api"
name = "API"
manual = true
`)
const components = Object.fromEntries((await send('GET', '/components')).map(one => [one.name, one.id]))
await send('POST', '/subscribers', { subscriber: { email: WITNESS, skip_confirmation_notification: true } })

/** An operator opens an incident; the result is its id. */
async function opens(name, component, status) {
  const incident = { name, body: 'We look into it.', components: { [components[component]]: status } }
  return (await send('POST', '/incidents', { incident })).id
}

/** Once everybody who hears of an incident got their mail. */
async function isTold(name, id) {
  await until(`the mail about ${name}`, async () => {
    const { data: deliveries } = await send('GET', `/api/v1/deliveries?incident=${id}`)
    return mailsTo(mails, WITNESS).some(mail => mail.subject === name) && deliveries.every(one => one.state !== 'queued')
  })
}

const about = (address, subject) => mailsTo(mails, address).filter(mail => mail.subject === subject)
const mailOf = (address, subject) => until(`"${subject}" for ${address}`, async () => about(address, subject)[0])
const stateOf = async address => (await send('GET', '/subscribers?state=all&limit=100')).find(one => one.email === address)?.state

const CONFIRM = 'Confirm updates from Northwind status'
const confirmLink = async address => linkAfter(await mailOf(address, CONFIRM), 'Confirm within 24 hours')

/** What is wrong is said where it is wrong, and the focus is there; nothing that was typed or chosen is lost. */
async function findsErrors({ page, sees, has, choose, presses, look, field }) {
  const email = field('Email address')
  await presses(page.locator('button', { hasText: 'Get updates by email' }).first())
  assert.equal(await email.evaluate(one => one === document.activeElement && one.matches(':invalid')), true, 'the browser names the empty field')
  assert.equal(page.url(), `${root}/subscribe`)
  await presses(page.locator('summary', { hasText: 'Choose what you hear about' }))
  await choose('radio', 'Only outages')
  await choose('checkbox', 'Monthly report')
  await email.fill('ann@localhost')
  await presses(page.locator('button', { hasText: 'Get updates by email' }).first())
  await sees('Enter an address like name@example.com.')
  await has.focus(email)
  assert.equal(await email.inputValue(), 'ann@localhost')
  assert.equal(await email.getAttribute('aria-invalid'), 'true')
  await has.error(email, 'Enter an address like name@example.com.')
  await has.chosen('Only outages', 'Monthly report', 'All components')
  await look('subscribe-error')
}

/** Subscribes as `address`, with an impatient hand. */
async function subscribes(one, address) {
  const { page, sees, has, choose, presses, hurries, look, field } = one
  await page.goto(`${root}/`)
  await presses(page.getByRole('link', { name: 'Get updates' }))
  await sees('One message for each update')
  await look('subscribe')
  await findsErrors(one)
  await field('Email address').fill(address)
  await choose('radio', 'Only these')
  await presses(page.locator('button', { hasText: 'Get updates by email' }).first())
  await sees('Choose at least one component, or all.')
  await has.focus(page.getByRole('radio', { name: 'Only these' }))
  await has.error(page.getByRole('radio', { name: 'Only these' }), 'Choose at least one component, or all.')
  assert.equal(await field('Email address').inputValue(), address)
  await has.chosen('Only outages', 'Monthly report', 'Only these')
  await look('subscribe-no-component')
  await choose('radio', 'All components')
  await choose('radio', 'All updates')
  await hurries(page.locator('button', { hasText: 'Get updates by email' }).first())
  await sees('Check your inbox')
  assert.equal(page.url(), `${root}/subscribe/sent`)
  await look('sent')
}

/** Opens the link of the mail, which changes nothing, and confirms. The result is the link by which the subscription is managed. */
async function confirms({ page, sees, hurries, look }, address, what) {
  const link = await confirmLink(address)
  for (let times = 0; times < 2; times++) await page.goto(link)
  await sees('Confirm your updates')
  await sees(what)
  assert.ok(!(await page.content()).includes(address), 'the address is masked')
  assert.equal(await stateOf(address), 'unconfirmed', 'a look changes nothing')
  await look('confirm')
  await hurries(page.getByRole('button', { name: 'Confirm' }))
  await sees('You will hear from us')
  await look('confirmed')
  await page.reload()
  await sees('You will hear from us')
  assert.equal(await stateOf(address), 'active')
  const manage = await page.getByRole('link', { name: 'Choose what you hear about' }).evaluate(one => one.href)
  assert.equal((await page.goto(link)).status(), 404)
  await sees('This link no longer works')
  await look('spent')
  assert.equal(about(address, CONFIRM).length, 1, 'one mail to confirm')
  return manage
}

/** Chooses by the link of a message, and finds it as it was left. */
async function manages({ page, sees, has, choose, presses, look }, link) {
  await page.goto(link)
  await sees('Your updates')
  await has.chosen('All updates', 'All components', 'Monthly report')
  await look('manage')
  await choose('radio', 'Only outages')
  await choose('radio', 'Only these')
  await presses(page.getByRole('button', { name: 'Save' }))
  await sees('Choose at least one component, or all.')
  await has.focus(page.getByRole('radio', { name: 'Only these' }))
  await has.chosen('Only outages', 'Only these', 'Monthly report')
  await look('manage-no-component')
  await presses(page.locator('summary', { hasText: 'Or single components' }))
  await choose('checkbox', 'Card payments')
  await choose('checkbox', 'Website and accounts')
  await presses(page.getByRole('button', { name: 'Save' }))
  const chosen = ['Only outages', 'Only these', 'Card payments', 'Website and accounts', 'Monthly report']
  await sees('Saved at ')
  await has.chosen(...chosen)
  await look('saved')
  await page.reload()
  await has.chosen(...chosen)
  await page.goto(link)
  await has.chosen(...chosen)
  assert.equal(await page.getByText('Saved at').count(), 0)
}

/** Stops, after having thought better of it once, and is told by every link that it is over. */
async function stops({ page, sees, presses, hurries, look }, address, links) {
  const downloaded = page.waitForEvent('download')
  await presses(page.getByRole('link', { name: 'Download what we keep' }))
  const kept = JSON.parse(readFileSync(await (await downloaded).path(), 'utf8'))
  assert.deepEqual([kept.address, kept.choices.updates, kept.choices.components], [address, 'outages', ['Card payments', 'Website and accounts']])
  await presses(page.getByRole('link', { name: 'Stop all updates' }))
  await sees('Stop all updates?')
  await look('stop')
  await presses(page.getByRole('link', { name: 'Choose fewer instead' }))
  await sees('Your updates')
  await page.goBack()
  assert.equal(await stateOf(address), 'active', 'a look changes nothing')
  await hurries(page.getByRole('button', { name: 'Stop all updates' }))
  await sees('You will hear nothing more')
  await look('stopped')
  await page.reload()
  await sees('You will hear nothing more')
  assert.equal(await stateOf(address), undefined)
  for (const link of links) {
    assert.equal((await page.goto(link)).status(), 404)
    await sees('This link no longer works')
  }
}

/** From the first visit to the last. */
async function subscription(one, number) {
  const address = `ann.lee.${number}@example.com`
  await subscribes(one, address)
  await confirms(one, address, 'all components, all updates, a monthly report.')
  const first = `Sign-in fails ${number}`
  await opens(first, 'API', 'partial_outage')
  const mail = await mailOf(address, first)
  const [manage, stop] = ['Change what you hear about', 'Stop all updates'].map(words => linkAfter(mail, words))
  await manages(one, manage)
  const [small, other, wanted] = [`Slow cards ${number}`, `API fails ${number}`, `Cards declined ${number}`]
  const unheard = [await opens(small, 'Card payments', 'degraded_performance'), await opens(other, 'API', 'major_outage')]
  const heard = await opens(wanted, 'Card payments', 'major_outage')
  await mailOf(address, wanted)
  await isTold(small, unheard[0])
  await isTold(other, unheard[1])
  await isTold(wanted, heard)
  assert.deepEqual([small, other, wanted].map(subject => about(address, subject).length), [0, 0, 1], 'what was chosen and nothing else')
  await stops(one, address, [manage, `${manage}/stop`, stop])
  const last = `Website down ${number}`
  await isTold(last, await opens(last, 'Website and accounts', 'major_outage'))
  assert.deepEqual(about(address, last), [], 'it hears nothing more')
}

/** Follows one incident from its page, and nothing else; goes back and forth on the way. What is said of it now would wait until
 * a minute after its first message. */
async function oneIncident({ page, sees, has, choose, presses, look, field, ...rest }, number) {
  const address = `ben.oak.${number}@example.com`
  const one = { page, sees, has, choose, presses, look: name => look(`one-${name}`), field, ...rest }
  const title = `Payouts are late ${number}`
  const id = await opens(title, 'Refunds', 'partial_outage')
  await until('the page of the incident', async () => (await fetch(`${root}/incidents/${id}`)).ok)
  await page.goto(`${root}/incidents/${id}`)
  await presses(page.getByRole('link', { name: 'Get updates on this incident' }))
  await sees(`One message for each update of ${title}`)
  await one.look('subscribe')
  await field('Email address').fill(address)
  await presses(page.locator('button', { hasText: 'Get updates by email' }).first())
  await sees('Check your inbox')
  await page.reload()
  await page.goBack()
  await sees('Email address')
  await page.goForward()
  await sees('Check your inbox')
  const manage = await confirms(one, address, title)
  const followers = await send('GET', `/incidents/${id}/subscribers`)
  assert.deepEqual(followers.map(one => one.email), [address])
  const elsewhere = `Labels are late ${number}`
  await isTold(elsewhere, await opens(elsewhere, 'Refunds', 'major_outage'))
  assert.deepEqual(about(address, elsewhere), [], 'it follows one incident alone')
  await page.goto(manage)
  await has.chosen(title)
  await one.look('manage')
  await choose('checkbox', title)
  await presses(page.getByRole('button', { name: 'Save' }))
  await sees('Choose at least one, or stop all updates.')
  await has.focus(page.getByRole('alert'))
  await one.look('manage-nothing')
}

/** A server is told by a webhook; one that is not public is refused. */
async function webhook({ page, sees, has, presses, look, field }, number) {
  const server = await endpoint('127.0.0.2')
  await page.goto(`${root}/subscribe`)
  const way = () => page.locator('details', { hasText: 'signed JSON to your server' })
  await presses(way().locator('summary'))
  const url = field('URL of your server')
  await url.fill('https://127.0.0.1/status')
  await presses(way().getByRole('button', { name: 'Send a test message' }))
  await sees('The host of this URL is not public.')
  await has.focus(url)
  await has.error(url, 'The host of this URL is not public.')
  assert.equal(await url.inputValue(), 'https://127.0.0.1/status')
  await look('webhook-refused')
  await url.fill(`${server.root}/status/${number}`)
  await presses(way().getByRole('button', { name: 'Send a test message' }))
  await sees('Look for the test message')
  await look('test-sent')
  const test = await until('the test message', async () => server.requests[0])
  await page.goto(JSON.parse(test.body).subscription.confirm)
  await look('webhook-confirm')
  await presses(page.getByRole('button', { name: 'Confirm' }))
  await presses(page.getByRole('link', { name: 'Choose what you hear about' }))
  const secret = () => page.locator('code').innerText()
  const former = await secret()
  await look('webhook-manage')
  await presses(page.getByRole('button', { name: 'Make a new secret' }))
  await sees('The previous secret still signs requests until')
  const current = await secret()
  assert.notEqual(current, former)
  await look('webhook-new-secret')
  await page.reload()
  assert.equal(await secret(), current, 'loading the page again sends nothing')
  const title = `Webhooks are late ${number}`
  await opens(title, 'API', 'partial_outage')
  const call = await until('the call', async () => server.requests.find(one => JSON.parse(one.body).incident?.name === title))
  assert.deepEqual([former, current].map(secret => isSigned(call, secret)), [true, true], 'both secrets sign for a day')
  await presses(page.getByRole('link', { name: 'Stop all updates' }))
  await presses(page.getByRole('button', { name: 'Stop all updates' }))
  await sees('You will hear nothing more')
  server.close()
}

/** Strangers do not learn who subscribed, neither by the form nor by that for a link. */
async function strangers({ page, sees, presses, look, field }, number) {
  const asks = async (address, button, answer) => {
    await page.goto(`${root}/subscribe`)
    if (button === 'Send me a link') await presses(page.locator('summary', { hasText: 'Already subscribed?' }))
    const form = page.locator('form', { has: page.getByRole('button', { name: button }) })
    await form.getByLabel('Email address').fill(address)
    await presses(form.getByRole('button', { name: button }))
    await sees(answer)
    return [page.url(), await page.content()]
  }
  const unknown = `eve.elm.${number}@example.com`
  for (const [button, answer] of [['Get updates by email', 'Check your inbox'], ['Send me a link', 'a link to change or stop them']]) {
    assert.deepEqual(await asks(WITNESS, button, answer), await asks(unknown, button, answer), `${button} tells nobody who is known`)
  }
  await look('link-sent')
  const again = await mailOf(unknown, CONFIRM)
  assert.equal(linkAfter(again, 'Confirm within 24 hours').startsWith(`${root}/subscriptions/`), true)
  assert.equal(about(WITNESS, CONFIRM).length, 0)
}

const browser = await launch()
const findings = []
let cases = 0
try {
  const walks = [
    ...READERS.map((options, number) => [subscription, options, number]),
    [webhook, READERS[2], 4], [webhook, READERS[3], 5],
    [oneIncident, READERS[1], 6], [oneIncident, READERS[0], 7],
    [strangers, READERS[3], 8],
  ]
  await atOnce(walks, async ([walk, options, number]) => {
    const one = await reader(browser, { ...options, root, pictures, client: `203.0.${number}.7` })
    try {
      await walk(one, number)
    } catch (error) {
      error.message = `${walk.name} at ${one.name}: ${error.message}\n${await one.page.locator('body').innerText()}`
      throw error
    }
    cases += one.cases()
    findings.push(...one.findings)
    await one.close()
  }, WALKS)
} finally {
  await browser.close()
  await stop()
  rmSync(mails, { recursive: true, force: true })
}
for (const finding of findings) console.log(finding)
console.log(`${cases} cases, ${findings.length} findings`)
process.exitCode = findings.length ? 1 : 0
