/** Between what a bubble is about and the bubble, in pixels. */
const GAP = 8

export const element = (name, className, ...content) => {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...content)
  return made
}

/** The sheets that scripts brought along. */
const adopted = new Set()

/** Adds a style sheet that no document carries. */
export const addSheet = css => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets.push(sheet)
  return sheet
}

/** Adds it once. */
export const adopt = css => {
  if (adopted.has(css)) return
  adopted.add(css)
  addSheet(css)
}

/** A bubble, and a mark on what it is about: both are hidden until it is placed. */
export const tip = markClass => {
  const bubble = element('div', 'tip')
  const mark = element('div', markClass)
  bubble.hidden = mark.hidden = true
  document.body.append(mark, bubble)
  return {
    bubble,
    mark,
    hide: () => { bubble.hidden = mark.hidden = true },
    /** Shows the bubble below a `box`, its arrow at `middle`, within the column. The mark gets the place `of`. */
    place: (box, middle, of) => {
      bubble.hidden = mark.hidden = false
      const column = document.getElementById('main').getBoundingClientRect()
      const left = Math.max(column.left, Math.min(middle - bubble.offsetWidth / 2, column.right - bubble.offsetWidth))
      bubble.style.left = `${left + scrollX}px`
      bubble.style.top = `${box.bottom + GAP + scrollY}px`
      bubble.style.setProperty('--x', `${Math.max(16, Math.min(middle - left, bubble.offsetWidth - 16))}px`)
      mark.style.left = `${of.left + scrollX}px`
      mark.style.top = `${of.top + scrollY}px`
      mark.style.width = `${of.width}px`
      mark.style.height = `${of.height}px`
    },
  }
}
