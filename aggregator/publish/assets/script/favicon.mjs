const linkOf = root => root.querySelector('link[rel=icon]')

/** The address of the icon of a document; `null` for the owner's own, which shows no state. */
export const iconOf = root => {
  const href = linkOf(root)?.getAttribute('href')
  return href && /(^|\/)(assets\/|favicon\.ico$)/.test(href) ? href : null
}

/** Shows an icon, unless it is `null`. */
export const showIcon = href => {
  const link = linkOf(document)
  if (href && link.getAttribute('href') !== href) link.setAttribute('href', href)
}
