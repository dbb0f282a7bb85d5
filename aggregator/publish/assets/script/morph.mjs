/** The attributes that scripts set or removed, by element. */
const ours = new WeakMap()

/** Sets attributes that no newer document changes; `null` removes one. */
export const keep = (element, attributes) => {
  ours.set(element, { ...ours.get(element), ...attributes })
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name)
    else element.setAttribute(name, value)
  }
}

/** What a visitor or a script did to an element, which no newer document undoes. */
const kept = (element, name) => name === 'data-pointed' || (name === 'open' && element.nodeName === 'DETAILS') ||
  Object.hasOwn(ours.get(element) ?? {}, name)

const key = node => node.nodeName === 'DETAILS' ? node.querySelector('.nm').textContent : node.id || ''

/** Makes `from` say what `to` says and touches nothing that is equal: focus, scroll and what is unfolded stay. */
export const morph = (from, to) => {
  if (from.isEqualNode(to)) return
  if (from.nodeType !== Node.ELEMENT_NODE) { from.data = to.data; return }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !kept(from, name)) from.removeAttribute(name)
  }
  for (const { name, value } of to.attributes) {
    if (!kept(from, name) && from.getAttribute(name) !== value) from.setAttribute(name, value)
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
