import type { OpenApi } from './openapi.ts'
import { problemList } from './problem.ts'

type Json = Record<string, unknown>

const escape = (text: unknown): string =>
  String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** The description as a page to read: one file of its own, no script. */
export function writeDocsPage(api: OpenApi): string {
  const { title, version, description } = api['info'] as Json
  const paths = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => pathSection(path, method, operation)),
  )
  const schemas = Object.entries(api.components.schemas).map(([id, schema]) => schemaSection(id, schema))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}: HTTP interface</title>
<link rel="stylesheet" href="docs/docs.css">
</head>
<body>
<h1>${escape(title)} ${escape(version)}: HTTP interface</h1>
<p>${escape(description)} For programs: <a href="openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>
<nav><ul>${Object.keys(api.paths)
    .map((path) => `<li><a href="#${anchor(path)}">${escape(path)}</a></li>`)
    .join('')}</ul></nav>
${paths.join('\n')}
<h2>Shapes</h2>
${schemas.join('\n')}
<h2>Problems</h2>
<table><tr><th>code</th><th>status</th><th>meaning</th></tr>
${problemList.map((one) => `<tr id="problem-${one.code}"><td>${one.code}</td><td>${one.status}</td><td>${escape(one.title)}</td></tr>`).join('\n')}
</table>
</body>
</html>
`
}

export const docsCss = `:root { color-scheme: light dark; --line: #8888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { margin: 2rem 0 .25rem; font-family: ui-monospace, monospace; font-size: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; } td, th { border-bottom: 1px solid var(--line); text-align: left;
padding: .25rem .75rem .25rem 0; vertical-align: top; } nav ul { columns: 20rem; padding-left: 1rem; }
`

const anchor = (path: string): string => path.replaceAll(/[^a-z0-9]+/gi, '-').replace(/^-/, '')

function pathSection(path: string, method: string, operation: Json): string {
  const parameters = [...(operation['parameters'] as Json[]), ...bodyFields(operation['requestBody'])]
  const rows = parameters.map(
    (one) =>
      `<tr><td><code>${escape(one['name'])}</code></td><td>${escape(one['in'])}</td><td>${escape(one['description'] ?? '')}</td></tr>`,
  )
  const answers = Object.entries(operation['responses'] as Record<string, Json>).map(
    ([status, answer]) =>
      `<tr><td>${escape(status)}</td><td>${escape(answer['description'])}</td><td>${shapeOf(answer)}</td></tr>`,
  )
  return `<section id="${anchor(path)}"><h3>${escape(method.toUpperCase())} ${escape(path)}</h3>
<p>${escape(operation['summary'])}. ${escape(operation['description'] ?? '')} ${roleWords(operation['x-role'])}</p>
${rows.length > 0 ? `<table><tr><th>parameter</th><th>in</th><th>meaning</th></tr>${rows.join('')}</table>` : ''}
<table><tr><th>status</th><th>meaning</th><th>answer</th></tr>${answers.join('')}</table></section>`
}

const roleWords = (role: unknown): string =>
  role === null ? 'For anybody.' : role === 'operator' ? 'For operators.' : 'For viewers and operators.'

/** The fields of a request's body, in the form of parameters. */
function bodyFields(requestBody: unknown): Json[] {
  const { content } = (requestBody ?? { content: {} }) as { content: Record<string, { schema: Json }> }
  return Object.values(content).flatMap(({ schema }) =>
    Object.entries((schema['properties'] ?? {}) as Record<string, Json>).map(([name, { description }]) => ({
      name,
      in: 'body',
      description,
    })),
  )
}

function shapeOf(answer: Json): string {
  return Object.entries((answer['content'] ?? {}) as Record<string, { schema: Json }>)
    .map(([mediaType, { schema }]) => `<code>${escape(mediaType)}</code> ${typeOf(schema)}`)
    .join('<br>')
}

function schemaSection(id: string, schema: Json): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>)
  const required = (schema['required'] ?? []) as string[]
  const rows = properties.map(
    ([name, property]) =>
      `<tr><td><code>${escape(name)}${required.includes(name) ? '' : '?'}</code></td><td>${typeOf(property)}</td><td>${escape(property['description'] ?? '')}</td></tr>`,
  )
  const body =
    rows.length > 0
      ? `<table><tr><th>field</th><th>type</th><th>meaning</th></tr>${rows.join('')}</table>`
      : `<p>${typeOf(schema)}</p>`
  return `<section id="schema-${escape(id)}"><h3>${escape(id)}</h3>${body}</section>`
}

/** A schema in a few words, with links to the named ones. */
function typeOf(schema: Json): string {
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const id = reference.slice(reference.lastIndexOf('/') + 1)
    return `<a href="#schema-${escape(id)}">${escape(id)}</a>`
  }
  const choices = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined
  if (choices) return choices.map(typeOf).join(' or ')
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((one) => `<code>${escape(one)}</code>`).join(' or ')
  if ('const' in schema) return `<code>${escape(JSON.stringify(schema['const']))}</code>`
  if (schema['type'] === 'array') return `list of ${typeOf((schema['items'] ?? {}) as Json)}`
  const values = schema['additionalProperties']
  if (typeof values === 'object' && values !== null) return `by name: ${typeOf(values as Json)}`
  if (schema['type'] === 'object' && schema['properties'])
    return `{ ${Object.entries(schema['properties'] as Record<string, Json>)
      .map(([name, property]) => `${escape(name)}: ${typeOf(property)}`)
      .join(', ')} }`
  return escape(schema['type'] ?? 'anything')
}
