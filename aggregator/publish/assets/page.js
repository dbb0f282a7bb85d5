// Adds to the pages what changes with time: ages, durations, the warning that a copy is old, and the newest
// document once a minute. Everything can be read without it.
(() => {
  'use strict'
  /** All that the script says, in English; the texts of the document itself stand in `publish/texts`. */
  const TEXTS = {
    day: number => number === 1 ? '1 day' : `${number} days`,
    hours: number => `${number} h`,
    minutes: number => `${number} min`,
    lasting: duration => `, for ${duration}`,
    ago: duration => `, ${duration} ago`,
    old: 'This page may be out of date',
    oldTitle: title => `May be out of date · ${title}`,
    verified: (time, duration) => `It was last verified at ${time}, ${duration} ago. ` +
      'What you see below was true then and may have changed.',
    mayHaveChanged: 'What you see below may have changed.',
    lastVerified: duration => `Last verified ${duration} ago. `,
    trying: 'We are trying again every minute. Nothing here will turn green until we have an answer.',
    at: time => ` at ${time}`,
    until: time => `Until ${time}.`,
    notMonitored: 'Not monitored yet',
    days: 'Sun Mon Tue Wed Thu Fri Sat'.split(' '),
    months: 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '),
  }
  const main = document.getElementById('main')
  if (!main) return
  const MINUTE = 60e3
  /** What the document says, before anything is added to it. */
  let said = main.cloneNode(true)
  let title = document.title
  /** The server's clock less the visitor's, which is often wrong. */
  let offset = 0
  let asked = Date.now()
  const now = () => Date.now() + offset

  /** The two largest units, cut off; never seconds, because it is rewritten once a minute. */
  const duration = milliseconds => {
    const minutes = Math.max(1, Math.floor(milliseconds / MINUTE))
    const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
    const parts = days ? [TEXTS.day(days), hours && TEXTS.hours(hours)]
      : hours ? [TEXTS.hours(hours), rest && TEXTS.minutes(rest)] : [TEXTS.minutes(rest)]
    return parts.filter(Boolean).join(' ')
  }

  /** Adds what is true at this moment; tells whether the copy is too old to be relied upon. */
  const add = root => {
    if (!root.dataset.until) return false
    const verified = Date.parse(root.dataset.verified)
    const old = now() > Date.parse(root.dataset.until)
    if (old) warn(root, verified)
    else {
      for (const time of root.querySelectorAll('time.r')) {
        time.after(TEXTS.lasting(duration(now() - Date.parse(time.dateTime))))
      }
      for (const time of root.querySelectorAll('time.ag')) {
        time.after(TEXTS.ago(duration(now() - Date.parse(time.dateTime))))
      }
      const age = now() - verified
      if (age >= 2 * MINUTE) root.querySelector('.at time').after(TEXTS.ago(duration(age)))
    }
    return old
  }

  /** Every page says in its own words that it may be out of date; the style sheet makes all of it grey. */
  const warn = (root, verified) => {
    const banner = root.querySelector('.u')
    const small = root.querySelector('.at')
    const full = small.querySelector('time').textContent
    const [clock] = full.split(',')
    const ago = verified && duration(now() - verified)
    const recent = now() - verified < 720 * MINUTE
    const headline = root.querySelector('.u [aria-live] h1')
    if (banner) {
      const state = banner.querySelector('.f b')
      const blind = banner.classList.contains('n')
      const facts = banner.querySelector('.f')
      banner.className = 'u n'
      banner.querySelector('use')?.setAttribute('href', '#n')
      if (headline) {
        headline.textContent = TEXTS.old
        facts.textContent = verified ? TEXTS.verified(recent ? clock : full, ago) : TEXTS.mayHaveChanged
        small.textContent = TEXTS.trying
      } else {
        if (blind || !verified) facts.append(` ${TEXTS.old}.`)
        else {
          state.append(`${TEXTS.at(recent ? clock : full)}.`)
          facts.replaceChildren(state.parentNode, ` ${TEXTS.old}.`)
        }
        small.textContent = `${verified ? TEXTS.lastVerified(ago) : ''}${TEXTS.trying}`
      }
    } else small.textContent = `${verified ? `${TEXTS.until(full)} ` : ''}${TEXTS.old}. ${TEXTS.trying}`
    if (!verified) return
    for (const state of root.querySelectorAll('.g .s:not(.n) > span')) {
      // "… not seen since 14:40" has a time of its own.
      if (!state.querySelector('time')) state.append(TEXTS.at(clock.split(' ')[0]))
    }
    for (const part of root.querySelectorAll('.ut')) part.append(` ${TEXTS.until(recent ? clock : full)}`)
  }

  const render = () => {
    const next = said.cloneNode(true)
    const old = add(next)
    document.documentElement.classList.toggle('old', old)
    document.title = old ? TEXTS.oldTitle(title) : title
    morph(main, next)
  }

  const key = node => node.nodeName === 'DETAILS' ? node.querySelector('.nm').textContent : node.id || ''

  /** Makes `from` say what `to` says and touches nothing that is equal: focus, scroll and what is unfolded stay. */
  const morph = (from, to) => {
    if (from.isEqualNode(to)) return
    if (from.nodeType !== Node.ELEMENT_NODE) { from.data = to.data; return }
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(name === 'open' && from.nodeName === 'DETAILS')) from.removeAttribute(name)
    }
    for (const { name, value } of to.attributes) {
      if (!(name === 'open' && from.nodeName === 'DETAILS') && from.getAttribute(name) !== value) from.setAttribute(name, value)
    }
    const wanted = new Set([...to.children].map(key))
    let at = from.firstChild
    const drop = () => { const gone = at; at = at.nextSibling; gone.remove() }
    for (const child of [...to.childNodes]) {
      while (at && key(at) && !wanted.has(key(at))) drop()
      if (key(child) && at && key(at) !== key(child)) {
        const known = [...from.children].find(other => key(other) === key(child))
        if (known) { from.insertBefore(known, at); at = known }
      }
      if (at && at.nodeName === child.nodeName && key(at) === key(child)) {
        const here = at
        at = at.nextSibling
        morph(here, child)
      } else from.insertBefore(child, at)
    }
    while (at) drop()
  }

  const style = of => of.querySelector('style').textContent

  const refresh = async () => {
    asked = Date.now()
    try {
      const response = await fetch(location.href.split('#')[0], {
        cache: 'no-cache', credentials: 'omit', signal: AbortSignal.timeout(MINUTE / 2),
      })
      const date = Date.parse(response.headers.get('date'))
      if (date) offset = date + 1e3 * (Number(response.headers.get('age')) || 0) - Date.now()
      const fresh = response.ok && new DOMParser().parseFromString(await response.text(), 'text/html')
      const next = fresh && fresh.getElementById('main')
      // A cache may hold an older copy than we do; what is newest stays. What can change no more has no age.
      if (next && !(Date.parse(next.dataset.until) < Date.parse(said.dataset.until))) {
        if (style(fresh) !== style(document)) return location.reload()
        said = document.importNode(next, true)
        title = fresh.title
      }
    } catch {
      // No answer: the copy that we hold grows old in plain sight.
    }
    render()
  }

  if (main.dataset.until) {
    // A clock that says "too old" may itself be wrong: ask before saying so.
    if (now() > Date.parse(said.dataset.until)) refresh()
    else render()
    const ages = () => Boolean(said.dataset.until)
    setInterval(() => ages() && (document.hidden ? render() : refresh()), MINUTE)
    document.addEventListener('visibilitychange', () => {
      if (ages() && !document.hidden && Date.now() - asked >= MINUTE) refresh()
    })
  }

  // What a mark means, beside the pointer or the focus: the same line as in the list.
  const tip = document.createElement('div')
  tip.className = 'tip'
  tip.setAttribute('role', 'status')
  tip.hidden = true
  document.body.append(tip)
  let day = 89

  const labels = () => Array.from({ length: 90 }, (_, index) => {
    const date = new Date(Date.parse(`${main.dataset.today}T12:00Z`) - (89 - index) * 864e5)
    return `${TEXTS.days[date.getUTCDay()]} ${date.getUTCDate()} ${TEXTS.months[date.getUTCMonth()]}`
  })

  /** Does the path, "M0 0h43m1 0h20", cover the day? */
  const covers = (path, index) => {
    let end = 0
    for (const [, move, run] of path.getAttribute('d').matchAll(/[Mm](\d+) 0h(\d+)/g)) {
      end += Number(move)
      if (index >= end && index < end + Number(run)) return true
      end += Number(run)
    }
    return false
  }

  /** What the key calls the day's mark. */
  const mark = (bar, index) => {
    const path = [...bar.children].find(one => covers(one, index))
    return path ? document.querySelector(`.k path.${path.getAttribute('class')}`).closest('li').textContent : TEXTS.notMonitored
  }

  const words = (bar, index) => {
    const all = labels()
    for (const line of (bar.closest('.x, .e').querySelector('.t')?.children ?? [])) {
      const label = line.firstChild.data.trim().replaceAll(/ \d{4}|[\u2066-\u2069]/g, '')
      const [first, last] = label.split(' to ')
      const at = text => all.findIndex(known => known === text || known.endsWith(` ${text}`))
      const from = at(last && !first.includes(' ') ? `${first} ${last.split(' ')[1]}` : first)
      if (index >= from && index <= (last ? at(last) : from)) return line.textContent.trim()
    }
    return `${all[index]} ${mark(bar, index)}`
  }

  const hide = () => { tip.hidden = true }
  const shown = () => matchMedia('(max-width:36rem)').matches ? 30 : 90
  const mirrored = bar => getComputedStyle(bar).direction === 'rtl'

  const show = (bar, index) => {
    const box = bar.getBoundingClientRect()
    tip.textContent = words(bar, index)
    tip.hidden = false
    const share = (index - 90 + shown() + 0.5) / shown()
    const middle = box.left + box.width * (mirrored(bar) ? 1 - share : share)
    const left = Math.min(Math.max(8, middle - tip.offsetWidth / 2), document.documentElement.clientWidth - tip.offsetWidth - 8)
    tip.style.left = `${left + scrollX}px`
    tip.style.top = `${box.top + scrollY - tip.offsetHeight}px`
  }

  const barOf = node => node.closest?.('.x > summary .b, .e > .b')

  document.addEventListener('pointermove', event => {
    if (event.pointerType === 'touch' || tip.contains(event.target)) return
    const bar = barOf(event.target)
    if (!bar) return hide()
    const box = bar.getBoundingClientRect()
    const share = Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width))
    show(bar, 90 - shown() + Math.floor((mirrored(bar) ? 0.999 - share : share) * shown()))
  })
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') return hide()
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const bar = step && document.activeElement.matches('.x > summary') && document.activeElement.querySelector('.b')
    if (!bar) return
    event.preventDefault()
    day = Math.min(89, Math.max(90 - shown(), tip.hidden ? day : day + (mirrored(bar) ? -step : step)))
    show(bar, day)
  })
  document.addEventListener('focusin', () => { day = 89; hide() })
  document.addEventListener('focusout', hide)

  // Paper shows every list.
  let folded = []
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')]
    for (const row of folded) row.open = true
  })
  addEventListener('afterprint', () => { for (const row of folded) row.open = false })
})()
