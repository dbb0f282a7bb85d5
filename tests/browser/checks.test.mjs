// node --test: each check finds what it is for, and nothing in a page that is as it should be.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, fits, headed, spacious } from './checks.mjs'
import { launch } from './visit.mjs'

const document = (body, style = '') => `<!DOCTYPE html><html lang=en dir=ltr><title>Status</title><meta name=viewport content="width=device-width">
<style>p{margin:0}${style}</style><main>${body}</main>`
const GOOD = document('<h1>All systems operational</h1><p>Verified at 16:15.</p>')

let browser
let page
before(async () => {
  browser = await launch()
  page = await browser.newPage({ viewport: { width: 320, height: 640 } })
})
after(() => browser.close())

const shows = html => page.setContent(html)

test('a good page has no finding', async () => {
  await shows(GOOD)
  assert.deepEqual(await Promise.all([fits(page), headed(page, 'en')]), [[], []])
  assert.deepEqual(await accessible(page), [])
  assert.deepEqual(await spacious(page), [])
})

test('what is beside the window is found', async () => {
  await shows(document('<h1>Operational</h1><p>Wide', 'p{width:400px}'))
  assert.match((await fits(page)).join(), /px wider than the window/)
})

test('a headline that is missing, doubled or not seen is found, and so is a wrong language', async () => {
  for (const [body, style, expected] of [
    ['<p>Text', '', /^0 headlines/], ['<h1>A</h1><h1>B</h1>', '', /^2 headlines/],
    ['<h1> </h1>', '', /not seen/], ['<h1>Operational</h1>', 'h1{display:none}', /not seen/],
  ]) {
    await shows(document(body, style))
    assert.match((await headed(page, 'en')).join(), expected)
  }
  await shows(GOOD)
  assert.match((await headed(page, 'de')).join(), /lang is "en"/)
  await shows(GOOD.replace('lang=en', 'lang=ar'))
  assert.match((await headed(page)).join(), /ltr is not the direction of ar/)
  await shows(GOOD.replace('lang=en', ''))
  assert.match((await headed(page)).join(), /lang is ""/)
})

test('what axe knows is found', async () => {
  await shows(document('<h1>Operational</h1><img src="data:,">'))
  assert.match((await accessible(page)).join(), /^image-alt: img/)
})

test('text that has no room for more space between its letters is found', async () => {
  for (const style of ['p{white-space:nowrap;overflow:hidden;width:15ch}', 'p{height:1.1em;line-height:1;overflow:clip}']) {
    await shows(document('<h1>Operational</h1><p>Verified at 16:15', style))
    assert.match((await spacious(page)).join(), /cut off .*Verified at 16:15/, style)
  }
})

test('what a policy forbids is a complaint, with and without scripts', async () => {
  for (const scripts of [true, false]) {
    const complaints = []
    const context = await browser.newContext()
    const page = await context.newPage()
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
    await (await context.newCDPSession(page)).send('Emulation.setScriptExecutionDisabled', { value: !scripts })
    await page.route('**/*', route => route.fulfill({ contentType: 'text/html', body: document('<h1 style="color:red">A</h1>'), headers: { 'content-security-policy': "default-src 'none'" } }))
    await page.goto('http://status.example/')
    assert.match(complaints.join(), /Content Security Policy/, `scripts: ${scripts}`)
    await context.close()
  }
})
