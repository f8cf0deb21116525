import type { Command } from 'commander'

/** By command: a command line and what it is for. */
const examples: Readonly<Record<string, readonly (readonly [line: string, purpose: string])[]>> = {
  run: [
    ['run', 'with agent.yaml of this folder, until Ctrl-C'],
    ['run --config greenhouse.yaml --log-level debug', 'another one, and all there is to say of it'],
    ['run --set uplink.url=mqtt://10.0.0.5', 'sends elsewhere this time'],
  ],
  check: [
    ['check', 'is agent.yaml right, and what does it mean?'],
    ['check --config greenhouse.yaml --json', 'the same for machines'],
  ],
  once: [
    ['once', 'what do the sensors say now?'],
    ['once --json', 'the same for machines'],
  ],
  doctor: [['doctor', 'what is wrong with this machine?']],
  buffer: [
    ['buffer status', 'how much waits?'],
    ['buffer export --format csv --out rows.csv', 'what waits?'],
  ],
  'buffer status': [
    ['buffer status', 'of the buffer that agent.yaml names'],
    ['buffer status --path /media/card/buffer.db', 'of a card from another machine'],
  ],
  'buffer export': [
    ['buffer export > rows.csv', 'every row that waits, also while the agent runs'],
    ['buffer export --format jsonl --out rows.jsonl', 'one JSON object each'],
  ],
}

/** Adds to the help of every command below this one its examples. */
export function addExamples(parent: Command, path: readonly string[] = []): void {
  for (const command of parent.commands) {
    const here = [...path, command.name()]
    const own = examples[here.join(' ')] ?? []
    const width = Math.max(0, ...own.map(([line]) => line.length))
    const lines = own.map(([line, purpose]) => `  barograph-agent ${line.padEnd(width)}  ${purpose}`)
    if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
    addExamples(command, here)
  }
}
