import { formatTime } from '../iso-time.ts'
import type { Column, CreateEncoder, Value } from './table.ts'

const special = /[",\n\r]/

/** As RFC 4180 has it, UTF-8, lines end with a line feed. Nothing stands where there is no value. */
export const createCsv: CreateEncoder = (columns) => {
  const words = columns.map((column) => {
    const text = textOf(column)
    return (value: Value): string => (value === null ? '' : quoted(text(value)))
  })
  return {
    begin: () => `${columns.map(({ name }) => quoted(name)).join(',')}\n`,
    rows({ count, columns: values }) {
      let text = ''
      for (let row = 0; row < count; row++) {
        for (let i = 0; i < words.length; i++)
          text += `${i === 0 ? '' : ','}${words[i]?.(values[i]?.[row] ?? null)}`
        text += '\n'
      }
      return text
    },
    end: () => '',
  }
}

const quoted = (text: string): string => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** One object for each row; what has no value is left out. */
export const createJsonLines: CreateEncoder = (columns) => {
  const keys = columns.map(({ name }) => `${JSON.stringify(name)}:`)
  const words = columns.map((column) => {
    const text = textOf(column)
    const isText = !['integer', 'number', 'yes-no'].includes(column.type)
    return (value: Exclude<Value, null>): string => (isText ? JSON.stringify(text(value)) : text(value))
  })
  return {
    begin: () => '',
    rows({ count, columns: values }) {
      let text = ''
      for (let row = 0; row < count; row++) {
        let line = ''
        for (let i = 0; i < words.length; i++) {
          const value = values[i]?.[row] ?? null
          if (value !== null) line += `${line === '' ? '' : ','}${keys[i]}${words[i]?.(value)}`
        }
        text += `{${line}}\n`
      }
      return text
    },
    end: () => '',
  }
}

/** 2013-03-10T05:00:00Z; the site's own clock without the Z. */
function textOf({ type }: Column): (value: Exclude<Value, null>) => string {
  switch (type) {
    case 'time':
      return (value) => formatTime(Number(value))
    case 'local':
      return (value) => formatTime(Number(value)).slice(0, -1)
    default:
      return String
  }
}
