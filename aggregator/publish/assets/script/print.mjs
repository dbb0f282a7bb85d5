/** Paper shows every list. */
export const unfoldOnPaper = () => {
  let folded = []
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')]
    for (const row of folded) row.open = true
  })
  addEventListener('afterprint', () => { for (const row of folded) row.open = false })
}
