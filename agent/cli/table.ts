/** Columns padded to their widest cell; those in `right` are aligned right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const format = (row: readonly string[]): string =>
    widths
      .map((width, i) => {
        const cell = row[i] ?? ''
        return right.includes(i) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(format).join('\n')
}
