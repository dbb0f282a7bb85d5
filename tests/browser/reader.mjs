// Somebody who reads pages and fills in forms, with the keyboard alone or with a pointer.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { accessible, fits, headed } from './checks.mjs'

const PATIENCE = 20_000
/** More stops than a page has. */
const STOPS = 80
const NARROWEST = 320

/** A page of `browser`, and what somebody can do in it. `client` is the address that the server knows the visitor by. */
export async function reader(browser, { width, colorScheme, scripts, keyboard, root, pictures, client }) {
  const context = await browser.newContext({
    colorScheme, reducedMotion: 'reduce', viewport: { width, height: width < 600 ? 640 : 900 }, hasTouch: width < 600,
    extraHTTPHeaders: { 'x-forwarded-for': client },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  const name = `${width}-${colorScheme}-${scripts ? 'scripts' : 'plain'}-${keyboard ? 'keyboard' : 'pointer'}`
  const findings = []
  let cases = 0
  const complain = text => findings.push(`${name}: ${text}`)
  page.on('pageerror', error => complain(String(error)))
  // A document with what is wrong in a form is no failure of the page.
  page.on('console', message => message.type() === 'error' && !/status of 4(04|22)/.test(message.text()) && complain(message.text()))
  page.on('request', request => request.url().startsWith(`${root}/`) || complain(`it asked for ${request.url()}`))
  const devtools = await context.newCDPSession(page)
  const runs = value => devtools.send('Emulation.setScriptExecutionDisabled', { value: !value })
  await runs(scripts)

  const isFocused = wanted => wanted.evaluate(one => one === document.activeElement)

  /** Moves the focus on until `arrived`. */
  async function walk(key, arrived, what) {
    for (let stop = 0; stop < STOPS; stop++) {
      if (await arrived()) return
      await page.keyboard.press(key)
    }
    assert.fail(`the key ${key} does not reach ${what}`)
  }

  /** The key that leads to `wanted`, which may stand before what has the focus. */
  const towards = wanted => wanted.evaluate(one => {
    const isBefore = document.activeElement.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING
    return document.activeElement !== document.body && isBefore ? 'Shift+Tab' : 'Tab'
  })

  async function reach(wanted) {
    await wanted.waitFor()
    const handle = await wanted.elementHandle()
    await walk(await towards(wanted), () => handle.evaluate(one => one === document.activeElement), wanted)
    const outline = await wanted.evaluate(one => getComputedStyle(one).outlineStyle)
    assert.notEqual(outline, 'none', `the focus is seen on ${wanted}`)
  }

  async function presses(wanted) {
    if (!keyboard) return wanted.click()
    await reach(wanted)
    return page.keyboard.press('Enter')
  }

  /** Presses twice, faster than anything can answer. */
  async function hurries(wanted) {
    if (!keyboard) return wanted.dblclick()
    await reach(wanted)
    await page.keyboard.press('Enter')
    return page.keyboard.press('Enter')
  }

  const option = (role, label) => page.getByRole(role, { name: label })

  /** Chooses one of a group, or turns a box over. */
  async function choose(role, label) {
    const wanted = option(role, label)
    if (!keyboard) return wanted.click()
    if (role === 'checkbox') {
      await reach(wanted)
      return page.keyboard.press('Space')
    }
    const group = await wanted.getAttribute('name')
    await walk(await towards(wanted), () => page.evaluate(group => document.activeElement.name === group, group), wanted)
    return walk('ArrowDown', () => wanted.isChecked(), wanted)
  }

  const sees = text => page.getByText(text).first().waitFor().catch(() => assert.fail(`"${text}" is not seen at ${page.url()}`))

  const has = {
    focus: async wanted => assert.equal(await isFocused(wanted), true, `the focus is on ${wanted}`),
    error: async (wanted, text) => {
      const id = await wanted.getAttribute('aria-describedby')
      assert.equal(await page.locator(`[id="${id}"]`).innerText(), text)
    },
    /** These and no others; of a group that is folded nothing is seen. */
    chosen: async (...labels) => {
      const all = await page.locator('input:checked').evaluateAll(all => all.map(one => one.labels[0].querySelector('span').firstChild.textContent))
      assert.deepEqual(all.toSorted(), labels.toSorted())
    },
  }

  /** Looks at what is shown: each is a case. */
  async function look(state) {
    cases++
    const wrong = [...await fits(page), ...await headed(page, 'en')]
    if (pictures) await page.screenshot({ path: join(pictures, `${state}-${name}.png`), fullPage: true })
    await runs(true)
    wrong.push(...await accessible(page))
    await runs(scripts)
    if (width < 600) {
      const { height } = page.viewportSize()
      await page.setViewportSize({ width: NARROWEST, height })
      wrong.push(...await fits(page))
      await page.setViewportSize({ width, height })
    }
    for (const one of wrong) complain(`${state}: ${one}`)
  }

  const field = label => page.getByLabel(label, { exact: true }).and(page.locator(':visible'))
  return { page, name, findings, cases: () => cases, presses, hurries, choose, sees, has, look, field, close: () => context.close() }
}
