import type { Value } from '../../core/sensor.ts'
import { quote } from '../fault.ts'
import { resolvePointer } from '../http/json-pointer.ts'
import { toValue } from '../value-rule.ts'
import { variables } from './variables.ts'

interface Step {
  readonly time: number
  readonly values: readonly Value[]
}

/** The `current` block of an answer, or what is wrong with it as the end of a sentence. */
export function readCurrent(document: unknown): Step | string {
  const time = resolvePointer(document, '/current/time')
  if (!isUnixTime(time)) return `sent no current weather, but ${quote(document, 80)}`
  const values = readValues((name) => resolvePointer(document, `/current/${name}`))
  return values.length > 0 ? { time: time * 1000, values } : 'sent current weather without any known value'
}

/** The `minutely_15` block, one list for each variable, oldest first; empty when it was not asked for. */
export function readSteps(document: unknown): Step[] | string {
  const block = resolvePointer(document, '/minutely_15')
  if (block === undefined) return []
  const times = resolvePointer(block, '/time')
  if (!Array.isArray(times)) return `sent past weather without times: ${quote(block, 80)}`
  const columns = new Map(variables.map(({ name }) => [name, resolvePointer(block, `/${name}`)]))
  const steps: Step[] = []
  for (const [i, time] of times.entries()) {
    if (!isUnixTime(time)) return `sent ${quote(time)} as a time`
    const values = readValues((name) => {
      const column = columns.get(name)
      return Array.isArray(column) ? column[i] : undefined
    })
    steps.push({ time: time * 1000, values })
  }
  return steps.sort((a, b) => a.time - b.time)
}

const isUnixTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value)

/** A null is what a model has not. */
function readValues(numberOf: (name: string) => unknown): Value[] {
  return variables.flatMap((variable) => {
    const found = numberOf(variable.name)
    const value = typeof found === 'number' ? toValue(variable, found) : null
    return value ? [value] : []
  })
}
