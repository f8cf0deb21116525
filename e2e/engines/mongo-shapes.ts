import type { CommandStartedEvent, Document, MongoClient } from 'mongodb'
import { indexes } from '../../collector/store/mongo/indexes.ts'

/** What a question asks of a field. */
type Condition = 'equal' | 'range' | 'other'

/** One way in which the store finds documents, whatever the values. */
export interface Shape {
  /** For people, and the same for every question of this shape. */
  readonly text: string
  readonly collection: string
  readonly conditions: ReadonlyMap<string, Condition>
  readonly sort: readonly string[]
  /** The only fields that are fetched; null: whole documents. */
  readonly fields: readonly string[] | null
  /** One that was sent, as `explain` takes it. */
  readonly command: Document
}

/** Collects the shapes of all commands that find documents. */
export interface Shapes {
  /** For `watch` of a store. */
  readonly watch: (client: MongoClient) => void
  all(): readonly Shape[]
}

interface Question {
  readonly filter: Document
  readonly sort?: Document | undefined
  readonly fields?: readonly string[] | undefined
  readonly command: Document
}

/** Commands that look for no document by its fields. */
const others = new Set([
  'createIndexes',
  'listIndexes',
  'listCollections',
  'getMore',
  'killCursors',
  'endSessions',
])

/** Fields of a command that belong to its session, and that `explain` does not take. */
const ofSession = new Set([
  'lsid',
  'txnNumber',
  '$clusterTime',
  '$db',
  '$readPreference',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
])

export function createShapes(): Shapes {
  const shapes = new Map<string, Shape>()
  const note = ({ commandName, command }: CommandStartedEvent) => {
    if (others.has(commandName)) return
    const collection = String(command[commandName])
    for (const question of questionsOf(commandName, command)) {
      const shape = shapeOf(commandName, collection, question)
      if (!shapes.has(shape.text)) shapes.set(shape.text, shape)
    }
  }
  return { watch: (client) => void client.on('commandStarted', note), all: () => [...shapes.values()] }
}

/** Throws for a command that is not known here, so that a new one is thought of. */
function questionsOf(name: string, command: Document): Question[] {
  const rest = Object.fromEntries(Object.entries(command).filter(([key]) => !ofSession.has(key)))
  if (name === 'find') {
    const fields = command.projection ? [...new Set(['_id', ...Object.keys(command.projection)])] : undefined
    return [{ filter: command.filter ?? {}, sort: command.sort, fields, command: rest }]
  }
  if (name === 'count') return [{ filter: command.query ?? {}, fields: [], command: rest }]
  if (name === 'distinct')
    return [{ filter: command.query ?? {}, sort: { [command.key]: 1 }, fields: [command.key], command: rest }]
  if (name === 'findAndModify') return [{ filter: command.query, sort: command.sort, command: rest }]
  const list = name === 'update' ? 'updates' : name === 'delete' ? 'deletes' : null
  if (list === null) throw new Error(`a command that was not thought of: ${name}`)
  return (command[list] as Document[]).map((one) => ({ filter: one.q, command: { ...rest, [list]: [one] } }))
}

function shapeOf(name: string, collection: string, { filter, sort, fields, command }: Question): Shape {
  const conditions = new Map(
    Object.entries(filter).map(([field, asked]) => [nameOf(field), conditionOf(field, asked)]),
  )
  const order = orderOf(sort)
  const text = [
    `${name} ${collection}`,
    ...[...conditions]
      .map(([field, condition]) => (condition === 'equal' ? field : `${field}:${condition}`))
      .sort(),
    ...(order.length > 0 && name !== 'distinct' ? [`by ${order.join(', ')}`] : []),
    ...(fields ? [`only ${fields.join(', ')}`] : []),
  ].join(' | ')
  return { text, collection, conditions, sort: order, fields: fields ?? null, command }
}

/** Fields in their order, downwards with a minus; the driver holds them in a map. */
function orderOf(sort: Document | undefined): string[] {
  const entries = sort instanceof Map ? [...sort] : Object.entries(sort ?? {})
  return entries.map(([field, direction]) => `${direction === -1 ? '-' : ''}${field}`)
}

/** Leases are fields of names that nobody chose. */
const nameOf = (field: string): string => field.replace(/^open\..*/, 'open.*')

function conditionOf(field: string, asked: unknown): Condition {
  if (field.startsWith('$')) return 'other'
  if (asked === null || typeof asked !== 'object' || asked instanceof Date) return 'equal'
  const operators = Object.keys(asked)
  if (operators.every((one) => one === '$in')) return 'equal'
  return operators.every((one) => ['$gt', '$gte', '$lt', '$lte'].includes(one)) ? 'range' : 'other'
}

/** How a shape is answered by the declared indexes. */
export interface Service {
  /** null: only by looking at every document. */
  readonly index: string | null
  /** What is not told by the index: it is looked at in each document that the index leads to. */
  readonly leftOver: readonly string[]
  /** The order comes from the index, or none was asked for, or only what the index holds is sorted. */
  readonly isSorted: boolean
}

/** The rule of prefixes: equal fields first, in the order of the index, then one range; the order of what follows is free. */
export function serviceOf({ collection, conditions, sort, fields }: Shape): Service {
  const own = [{ name: '_id_', key: { _id: 1 } }, ...(indexes[collection] ?? [])]
  const services = own.map(({ name, key }) => {
    const keys = Object.keys(key)
    const equal = keys.findIndex((field) => conditions.get(field) !== 'equal')
    const prefix = equal === -1 ? keys.length : equal
    const ranged = conditions.get(keys[prefix] ?? '') === 'range' ? 1 : 0
    const used = new Set(keys.slice(0, prefix + ranged))
    const leftOver = [...conditions.keys()].filter((field) => !used.has(field))
    const names = sort.map((field) => field.replace('-', ''))
    const free = names.filter((field) => conditions.get(field) !== 'equal')
    // An index is walked forwards or backwards.
    const isOneWay = new Set(sort.map((field) => field.startsWith('-'))).size < 2
    const isOrder = isOneWay && free.every((field, i) => keys[prefix + i] === field)
    const isCovered = [...(fields ?? ['*']), ...conditions.keys(), ...names].every((field) =>
      keys.includes(field),
    )
    // An index that narrows nothing is of use only for the order of all.
    const isOf = used.size > 0 || (conditions.size === 0 && isOrder && sort.length > 0)
    const isOne = conditions.get(keys[0] ?? '') === 'equal' && name === '_id_'
    // Nothing is quicker than one document by its _id.
    const rank = isOne ? 1_000 : (isOrder || isCovered ? 100 : 0) + used.size
    return { index: isOf ? name : null, leftOver, isSorted: isOrder || isCovered, rank }
  })
  const none = { index: null, leftOver: [...conditions.keys()], isSorted: sort.length === 0, rank: -1 }
  const { index, leftOver, isSorted } = services
    .filter((one) => one.index !== null)
    .reduce((best, one) => (one.rank > best.rank ? one : best), none)
  return { index, leftOver, isSorted }
}

/** All documents are the answer: there is nothing that an index could leave out. */
export const isOfAll = ({ conditions, sort }: Shape): boolean => conditions.size === 0 && sort.length === 0
