import { adopt, tip } from './tip.mjs'
import { setValue, slider, whenever } from './slider.mjs'

const PLOT = '.pl[data-points]'

/** The points of a chart: where each is, in thousandths of the width, and what is said of it, by the pattern `says`. */
export const pointsOf = ({ points, says }) => points.split(';').map(point => {
  const [x, ...parts] = point.split('|')
  return { x: Number(x), text: says.replace(/\{(\d)\}/g, (_, part) => parts[part]) }
})

/** The index of the point at a place; -1 where nothing was measured. */
export const pointAt = (points, x) => {
  const apart = points.slice(1).map((point, index) => Math.abs(point.x - points[index].x))
  const reach = Math.min(1000, ...apart) / 2 + 1
  const distance = point => Math.abs(point.x - x)
  const nearest = points.reduce((best, point, index) => best < 0 || distance(point) < distance(points[best]) ? index : best, -1)
  return nearest >= 0 && distance(points[nearest]) <= reach ? nearest : -1
}

/** Says what was measured at the point of a chart that is pointed at, tapped, or chosen with the arrow keys. `css` is the style
 * sheet of bubbles. */
export const chart = css => {
  if (!document.adoptedStyleSheets || !document.querySelector(PLOT)) return
  adopt(css)
  const { bubble, hide, place } = tip('ru')
  bubble.classList.add('tg')
  bubble.dir = 'auto'
  let chosen = null

  const show = (plot, points, index) => {
    chosen = index
    const box = plot.querySelector('.pc').getBoundingClientRect()
    const left = box.left + box.width * points[index].x / 1000
    bubble.textContent = points[index].text
    place(box, left, { left: left - 0.5, top: box.top, width: 1, height: box.height })
    setValue(plot, index, points[index].text)
  }

  const point = event => {
    const picture = event.target.closest?.('.pc')
    if (!picture) return bubble.contains(event.target) ? undefined : hide()
    const plot = picture.closest(PLOT)
    const points = pointsOf(plot.dataset)
    const box = picture.getBoundingClientRect()
    const index = pointAt(points, (event.clientX - box.left) / box.width * 1000)
    if (index < 0) hide()
    else show(plot, points, index)
  }

  document.addEventListener('pointermove', event => { if (event.pointerType !== 'touch') point(event) })
  document.addEventListener('click', point)
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') return hide()
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const plot = document.activeElement
    if (!step || !plot.matches(PLOT)) return
    event.preventDefault()
    const points = pointsOf(plot.dataset)
    // The oldest point is at the right where text runs to the left.
    const along = points[0].x > points.at(-1).x ? -step : step
    const last = points.length - 1
    show(plot, points, bubble.hidden ? chosen ?? last : Math.max(0, Math.min(last, chosen + along)))
  })
  document.addEventListener('focusin', () => { chosen = null; hide() })
  document.addEventListener('focusout', hide)
  whenever(() => {
    const plot = document.querySelector(PLOT)
    if (!plot) return
    const points = pointsOf(plot.dataset)
    slider(plot, plot.querySelector('.pc').getAttribute('aria-label'), points.length)
    if (!plot.hasAttribute('aria-valuenow')) setValue(plot, points.length - 1, points.at(-1).text)
  })
}
