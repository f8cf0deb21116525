import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startProcess } from '../testing-process.ts'
import { prepareFolder, readIfThere, writeAtomically } from './atomic-file.ts'

function newFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'barograph-files-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Each version is of another length, and says of itself which it is. */
const versionOf = (i: number): string =>
  JSON.stringify({ version: i, padding: 'x'.repeat((i * 7_919) % 20_000), end: i })

test('another program that reads all the time sees each of 1,000 versions whole or not at all', async () => {
  // In memory where there is such a place: a disk that is busy takes a minute for so many versions.
  const path = join(newFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir()), 'partition-0.json')
  await writeAtomically(path, versionOf(0))
  const reader = startProcess(fileURLToPath(new URL('testing/reader.ts', import.meta.url)), [path])
  await reader.printed(1)
  for (let i = 1; i <= 1_000; i++) await writeAtomically(path, versionOf(i))
  reader.send('end')
  await reader.ended()
  const seen = JSON.parse(reader.lines.at(-1) ?? '') as { reads: number; versions: number; broken: string[] }
  expect(seen.broken).toEqual([])
  // It did read while the file was written: the test would see a half file.
  expect(seen.versions).toBeGreaterThan(20)
  expect(await readIfThere(path)).toBe(versionOf(1_000))
})

test('what a killed writer left is removed, what another one is writing is not', async () => {
  const folder = join(newFolder(), 'a/b')
  mkdirSync(folder, { recursive: true })
  const left = (name: string, ageMs: number) => {
    writeFileSync(join(folder, name), 'half')
    utimesSync(join(folder, name), (1_000_000 - ageMs) / 1_000, (1_000_000 - ageMs) / 1_000)
  }
  left('.partition-0.json.old.new', 120_000)
  left('.partition-0.json.young.new', 1_000)
  left('.somebody-elses.new', 120_000)
  left('partition-0.json', 120_000)
  await prepareFolder(folder, ['partition-0.json'], 1_000_000)
  expect(readdirSync(folder).sort()).toEqual([
    '.partition-0.json.young.new',
    '.somebody-elses.new',
    'partition-0.json',
  ])
})

test('a place that cannot be written is told with its path, and nothing stays behind', async () => {
  const folder = newFolder()
  const path = join(folder, 'taken')
  mkdirSync(join(path, 'inside'), { recursive: true })
  await expect(writeAtomically(path, 'text')).rejects.toMatchObject({
    code: 'file-unwritten',
    retryable: true,
  })
  expect(readdirSync(folder)).toEqual(['taken'])
  writeFileSync(join(folder, 'file'), '')
  await expect(prepareFolder(join(folder, 'file/stats'), [], 0)).rejects.toThrow(
    /file\/stats cannot be written/,
  )
})
