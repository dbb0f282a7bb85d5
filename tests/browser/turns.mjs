// Which cases of a page axe reads, unless it reads all.

/** Every page in both themes and both widths: all that it says, unfolded, in one width of each theme; folded, if anything in it folds,
 * in one of the other two cases. The next page has the other width in each theme, so that over four pages axe has read each case. */
export function isRead({ place, scheme, width, fold, isFolding }) {
  const [dark, narrow] = [scheme === 'dark', width < 600].map(Number)
  const isFirst = (place + dark + narrow) % 2 === 0
  if (!isFolding || fold === 'open') return isFirst
  return !isFirst && dark === (place >> 1) % 2
}
