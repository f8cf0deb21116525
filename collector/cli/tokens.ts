import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import { suggest } from '@barograph/proto/config'
import type { Command } from 'commander'
import { readTokenFile, type TokenPaths, writeTokenFile } from '../serve/access/token-file.ts'
import { isTokenName, makeToken, type Role, roles, type TokenEntry } from '../serve/access/token.ts'
import { serveLimits } from '../serve/limits.ts'
import { systemClock } from '../system-clock.ts'
import { type CommonOptions, commonOptions, configOf, examplesOf } from './context.ts'
import { writeLines } from './output.ts'

/** Tokens of people and programs that read the page and the interface. */
export function addTokensCommand(program: Command): void {
  const tokens = program
    .command('tokens')
    .description('who may read the page and the interface (viewer), and who may give orders too (operator)')
    .addHelpText(
      'after',
      examplesOf(
        'tokens add viewer',
        'tokens add operator --name anna',
        'tokens list',
        'tokens revoke kiosk',
      ),
    )

  tokens
    .command('add')
    .argument('<role>', 'viewer or operator')
    .description(
      'make a token, show it once, and keep its hash. A running collector takes it within a second',
    )
    .option('--name <name>', 'whose it is (default: the role and a number)')
    .option('--file <path>', 'the file of hashes (default: the one that serve.tokens names)')
    .addHelpText(
      'after',
      examplesOf(
        'tokens add viewer',
        'tokens add operator --name anna',
        'tokens add viewer --file /etc/barograph/viewer-token',
      ),
    )
    .action(async (text: string, { name, file }: { name?: string; file?: string }, command: Command) => {
      const common = commonOptions(command)
      const role = roleOf(text)
      const place = file === undefined ? placeOf(role, common) : { path: resolve(file), isConfigured: true }
      await add({ ...place, role, name, json: common.json })
    })

  tokens
    .command('list')
    .description('names, roles and ids of all tokens; what they are, nobody can tell any more')
    .addHelpText('after', examplesOf('tokens list', 'tokens list --json'))
    .action(async (_options: object, command: Command) => {
      const common = commonOptions(command)
      const entries = filesOf(configOf(common).serve.tokens).flatMap(({ path, role }) =>
        readTokenFile(path, role),
      )
      const shown = entries.map(({ hash: _hash, ...rest }) => rest)
      const lines = shown.map((one) =>
        common.json
          ? JSON.stringify(one)
          : `${one.role.padEnd(8)}  ${one.name.padEnd(20)}  ${one.id}  ${one.created}`,
      )
      await writeLines(lines.length > 0 || common.json ? lines : ['There is no token.'])
    })

  tokens
    .command('revoke')
    .argument('<name>', 'name or id of a token')
    .description(
      'end a token, with all sessions that were opened with it. A running collector does so within a second',
    )
    .addHelpText('after', examplesOf('tokens revoke anna', 'tokens revoke 7c1q9x0dmb'))
    .action(async (name: string, _options: object, command: Command) => {
      const common = commonOptions(command)
      const { role, id } = revoke(filesOf(configOf(common).serve.tokens), name)
      await writeLines([
        common.json ? JSON.stringify({ revoked: id, role }) : `${role} token ${id} is revoked.`,
      ])
    })
}

function roleOf(text: string): Role {
  const role = roles.find((one) => one === text)
  if (role) return role
  const near = suggest(text, roles)
  throw new CodedError(
    'bad-usage',
    `"${text.slice(0, 40)}" is no role${near ? `; did you mean "${near}"?` : '.'}`,
    {
      hint: `Allowed: ${roles.join(' or ')}`,
    },
  )
}

/** Without a line in the configuration the file is made here, and the line is shown. */
function placeOf(role: Role, common: CommonOptions): { path: string; isConfigured: boolean } {
  const { tokens } = configOf(common).serve
  const path = tokens?.[role] ?? null
  return path === null
    ? { path: resolve(`${role}-token`), isConfigured: false }
    : { path, isConfigured: true }
}

function filesOf(paths: TokenPaths | null): { path: string; role: Role }[] {
  const files = roles.flatMap((role) => {
    const path = paths?.[role] ?? null
    return path !== null && existsSync(path) ? [{ path, role }] : []
  })
  if (files.length > 0) return files
  throw new CodedError('bad-config', 'No token was made yet, or serve.tokens names no file with one.', {
    hint: 'barograph-collector tokens add viewer',
  })
}

async function add({
  role,
  path,
  name: wanted,
  isConfigured,
  json,
}: {
  role: Role
  path: string
  name: string | undefined
  isConfigured: boolean
  json: boolean
}): Promise<void> {
  const before = existsSync(path) ? readTokenFile(path, role) : []
  const name = wanted ?? freeName(role, before)
  checkName(name, before, path)
  const created = new Date(systemClock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
  const { token, entry } = await makeToken({ name, role, created })
  mkdirSync(dirname(path), { recursive: true })
  writeTokenFile(path, role, [...before, entry])
  if (json) {
    await writeLines([JSON.stringify({ token, id: entry.id, name, role, file: path })])
    return
  }
  const line = `serve: { tokens: { ${role}: file:${path} } }`
  await writeLines([
    token,
    '',
    `This is the token of ${role} ${name}, shown this once; ${path} keeps its hash.`,
    'Sign in with it on the page, or send it with each request: authorization: Bearer TOKEN',
    ...(isConfigured ? [] : ['Until this line is in collector.yaml nobody is asked for it:', `  ${line}`]),
  ])
}

function freeName(role: Role, before: readonly TokenEntry[]): string {
  let number = before.length + 1
  while (before.some(({ name }) => name === `${role}-${number}`)) number++
  return `${role}-${number}`
}

function checkName(name: string, before: readonly TokenEntry[], path: string): void {
  if (!isTokenName(name))
    throw new CodedError('bad-usage', `--name "${name.slice(0, 60)}" is not allowed.`, {
      hint: 'Allowed: small letters, digits and . @ _ - up to 63 of them, a letter or digit first',
    })
  if (before.some((one) => one.name === name))
    throw new CodedError('bad-usage', `--name ${name} is taken in ${path}.`, {
      hint: `Another name, or first: barograph-collector tokens revoke ${name}`,
    })
  if (before.length >= serveLimits.tokensPerRole)
    throw new CodedError('bad-usage', `${path} is full: ${before.length} tokens.`, {
      hint: 'barograph-collector tokens revoke removes one',
    })
}

function revoke(files: readonly { path: string; role: Role }[], name: string): TokenEntry {
  const all = files.map((file) => ({ ...file, entries: readTokenFile(file.path, file.role) }))
  const found = all.flatMap(({ entries }) => entries.filter((one) => one.id === name || one.name === name))
  const [entry] = found
  if (!entry || found.length > 1)
    throw new CodedError(
      'bad-usage',
      entry ? `${found.length} tokens are called ${name}.` : `No token is called "${name.slice(0, 60)}".`,
      { hint: 'barograph-collector tokens list shows names and ids' },
    )
  const file = all.find(({ role }) => role === entry.role)
  if (file)
    writeTokenFile(
      file.path,
      file.role,
      file.entries.filter(({ id }) => id !== entry.id),
    )
  return entry
}
