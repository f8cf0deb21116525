/**
 * The faults that Barograph is tried under, by the names that the simulation (`npm run simulate-faults`), the harness on
 * real processes (`npm run chaos`) and docs/delivery.md share. Which of them can be caused where, each of the two says
 * itself; a new fault gets its name here first.
 */
export const faults = {
  // Processes.
  'agent-killed': 'the agent is killed at a random moment (kill -9)',
  'agent-killed-at-write': 'the agent is killed between two writes to its buffer',
  'agent-paused': 'the agent stands still for a while (SIGSTOP) and goes on',
  'collector-killed': 'the whole collector is killed at a random moment (kill -9)',
  'collector-killed-at-write': 'the collector is killed between two writes of a flush',
  'collector-paused': 'the whole collector stands still for a while (SIGSTOP) and goes on',
  'bridge-killed': 'only the bridge is killed (kill -9)',
  'bridge-paused': 'only the bridge stands still for a while',
  'roll-killed': 'one of the rolls is killed (kill -9)',
  'roll-paused': 'one of the rolls stands still, falls behind and goes on as if nothing had been',
  'agent-stopped': 'the agent is stopped and started again',
  'roll-stopped': 'a roll is stopped, and another goes on',
  takeover: 'a second roll takes a partition while the first still works on it',
  eviction: 'the roll has to evict documents from its cache',
  // Network.
  'network-cut': 'every connection is reset, and none can be made for a while',
  'network-half-open': 'bytes vanish and nobody is told: both ends think that they are connected',
  'network-half-open-down': 'what the collector sends vanishes, what the agent sends arrives',
  'network-delayed': 'every byte takes a while longer',
  'network-slow': 'few bytes pass in a second',
  'bytes-dropped': 'the connection is closed in the middle of a message',
  'message-lost': 'a message vanishes although it was acknowledged',
  'message-doubled': 'a message comes twice',
  'message-late': 'a message comes long after its time',
  'messages-reordered': 'messages overtake each other',
  'message-refused': 'a message is such that the collector has to refuse it',
  'receipt-lost': 'a receipt does not arrive',
  'device-offline': 'the device has no network for simulated days, and samples on',
  // Disks.
  'buffer-disk-full': 'the disk of the buffer is full',
  'log-disk-full': 'the disk of the log is full',
  'store-disk-full': 'the disk of the store is full',
  'buffer-read-only': 'the file system of the buffer becomes read-only',
  'log-read-only': 'the file system of the log becomes read-only',
  'store-read-only': 'the file system of the store becomes read-only',
  'buffer-flipped': 'bytes in the file of the buffer are changed',
  'log-flipped': 'bytes in the file of the log are changed',
  'store-flipped': 'bytes in the file of the store are changed',
  'buffer-truncated': 'the file of the buffer is cut off',
  'buffer-wal-truncated': 'the write-ahead log of the buffer is cut off, or an older part of it is left',
  'log-truncated': 'the file of the log is cut off',
  'store-truncated': 'the file of the store is cut off',
  'row-unreadable': 'a row of the buffer says nothing sensible any more',
  'power-lost': 'the machine loses power: what was not synced is gone',
  'write-torn': 'the power goes in the middle of a write: a part of it is on the disk',
  'read-error': 'the disk cannot read what it holds',
  // Clocks.
  'clock-forward': 'the wall clock of a device is set forward',
  'clock-back': 'the wall clock of a device is set back',
  'clock-lost': 'the device starts without a clock, months in the past',
  'collector-clock': 'the wall clock of the collector is set',
  // Identity.
  'buffer-restored': 'an older copy of the buffer takes the place of the buffer',
  'card-cloned': 'two agents run from copies of one card',
  'name-shared': 'a second agent has the name of another one',
  'log-recreated': 'the log is replaced by an empty one',
  'log-cut': 'the log loses its newest records',
  'log-regrown': 'the log loses records that a roll has read and not stored, and grows again before it looks',
  'store-restored': 'the store is brought back from an older backup',
} as const satisfies Readonly<Record<string, string>>

export type FaultName = keyof typeof faults

export const faultNames: readonly FaultName[] = Object.keys(faults) as FaultName[]
