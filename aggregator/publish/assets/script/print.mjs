/** Paper shows every list, as the sheet `css` arranges it. */
export const unfoldOnPaper = css => {
  if (document.adoptedStyleSheets) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    document.adoptedStyleSheets.push(sheet)
  }
  let folded = []
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')]
    for (const row of folded) row.open = true
  })
  addEventListener('afterprint', () => { for (const row of folded) row.open = false })
}
