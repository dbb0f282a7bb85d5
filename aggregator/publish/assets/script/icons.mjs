const SVG = 'http://www.w3.org/2000/svg'

/** The shapes of the states, as `symbols.stpl` has them for the documents. */
export const ICONS = {
  operational: ['o', ['circle', 'is', { cx: 10, cy: 10, r: 10 }], ['path', '', { d: 'm5.6 10.4 3 3 5.8-6.2' }]],
  degraded_performance: ['d', ['path', 'ie', { d: 'M10 2.5 18.5 17.5h-17z' }], ['path', '', { d: 'M10 7.7v4m0 3.1v.1' }]],
  partial_outage: ['p', ['path', 'ie', { d: 'M10 1.6 18.4 10 10 18.4 1.6 10z' }], ['path', 'ia', { d: 'M10 4 16 10 10 16z' }]],
  major_outage: ['j', ['path', 'is', { d: 'M5.9 0h8.2L20 5.9v8.2L14.1 20H5.9L0 14.1V5.9z' }], ['path', '', { d: 'm6.5 6.5 7 7m0-7-7 7' }]],
  under_maintenance: ['m', ['rect', 'is', { width: 20, height: 20, rx: 5 }], ['path', '', { d: 'M10 5v5.4l3.4 2' }]],
  no_data: ['n', ['circle', 'id', { cx: 10, cy: 10, r: 8.8 }], ['path', 'ic', { d: 'M6 10h8' }]],
}

const drawn = (name, attributes) => {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

/** The icon of a state and its class. */
export const drawIcon = status => {
  const [tone, ...shapes] = ICONS[status] ?? ICONS.no_data
  const icon = drawn('svg', { class: 'i', viewBox: '0 0 20 20', 'aria-hidden': 'true' })
  icon.append(...shapes.map(([name, kind, attributes]) => drawn(name, { class: kind, ...attributes })))
  return [tone, icon]
}
