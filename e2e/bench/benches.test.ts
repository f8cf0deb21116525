import { describe, expect, test } from 'vitest'
import { benches } from './benches.ts'
import { sectionOf, withSection } from './results.ts'

describe('benches', () => {
  for (const { name, needs = [], run } of benches) {
    const words = needs.map(({ title }) => ` ${title}`).join('')
    test.skipIf(needs.some(({ isMet }) => !isMet))(`${name} still runs, small${words}`, async () => {
      const rows = await run('small')
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) expect(row.value, row.what).toBeGreaterThan(0)
    })
  }

  test('a section takes the place of the one before', () => {
    const first = sectionOf({ name: 'a', title: 'A' }, [{ what: 'x', value: 1, unit: 's' }], '2026-01-01')
    const other = sectionOf({ name: 'b', title: 'B' }, [{ what: 'y', value: 2, unit: 's' }], '2026-01-01')
    const second = sectionOf(
      { name: 'a', title: 'A' },
      [{ what: 'x', value: 3, unit: 's', against: { what: 'z', value: 6 } }],
      '2026-01-02',
    )
    const file = withSection(withSection(withSection('', first), other), second)
    expect(file).toContain('| x | 3 s | z: 6 | 0.5 x |')
    expect(file).not.toContain('| x | 1 s |')
    expect(file.indexOf('## A')).toBeLessThan(file.indexOf('## B'))
    expect(withSection(file, second)).toBe(file)
  })
})
