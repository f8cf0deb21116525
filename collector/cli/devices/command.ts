import type { Command } from 'commander'
import { commonOptions, configOf, examplesOf } from '../context.ts'
import { writeLines } from '../output.ts'
import { addDevice, type AddOptions } from './add.ts'
import { listDevices } from './list.ts'
import { type MosquittoOptions, writeMosquitto } from './mosquitto.ts'
import { renewDevice, type RenewOptions, revokeDevice } from './renew.ts'

const details = `
A device proves who it is with a token or a certificate, as devices.auth in the configuration says. Its secret is
written once, into its provisioning file; of a token only a hash is kept here. Everything is in devices.folder, readable
by its owner alone: run these commands as the user that the collector runs as. A collector that runs needs no restart.`

/** Adds `devices`: which there are, and how each proves who it is. */
export function addDevicesCommand(program: Command): void {
  const group = program
    .command('devices')
    .description('which devices may send, and how each proves who it is')
    .addHelpText(
      'after',
      `${examplesOf(
        'devices add balcony --site Balcony --latitude 40.69 --longitude -74.17 --time-zone America/New_York',
        'devices list',
        'devices revoke balcony',
      )}\n${details}`,
    )
  addAdd(group)
  group
    .command('list')
    .description('every device, since when, by what, and when it was heard of last')
    .addHelpText('after', examplesOf('devices list', 'devices list --json'))
    .action(async (_options: object, command: Command) => {
      const common = commonOptions(command)
      await writeLines(await listDevices(configOf(common), common.json))
    })
  group
    .command('revoke <device>')
    .description('end all its tokens and certificates; its readings stay')
    .addHelpText(
      'after',
      `${examplesOf('devices revoke balcony')}\n
A collector that runs closes its connection within seconds. What the device has not sent stays in its buffer: with a new
secret, from devices add, it goes on where it was.`,
    )
    .action(async (device: string, _options: object, command: Command) => {
      const common = commonOptions(command)
      await writeLines(await revokeDevice(configOf(common), device, common.json))
    })
  addRenew(group)
  addMosquitto(group)
}

function addAdd(group: Command): void {
  group
    .command('add <device>')
    .description('make a device and its provisioning file')
    .option('--site <name>', 'what people call the place (default: the name of the device)')
    .option('--latitude <degrees>', 'north of the equator')
    .option('--longitude <degrees>', 'east of Greenwich')
    .option('--altitude <metres>', 'above the sea')
    .option('--time-zone <zone>', 'by which its days are cut (default: site.timeZone)')
    .option('--auth <kind>', 'token or certificate (default: devices.auth)')
    .option('--broker <url>', 'where it connects to (default: devices.url, or where the broker listens)')
    .option('--out <file>', 'its provisioning file (default: DEVICE.yaml here)')
    .addHelpText(
      'after',
      `${examplesOf(
        'devices add balcony --site Balcony --latitude 40.69 --longitude -74.17 --time-zone America/New_York',
        'devices add cellar --latitude 48.2 --longitude 16.4 --auth certificate --out /media/boot/cellar.yaml',
        'devices add balcony          (again after devices revoke: the same place, a new secret)',
      )}\n
Copy the file to the device and name it there, as provision: balcony.yaml in its agent.yaml. It is the only place that
has the secret; delete it elsewhere.`,
    )
    .action(async (device: string, options: AddOptions, command: Command) => {
      const common = commonOptions(command)
      await writeLines(await addDevice(configOf(common), device, options, common.json))
    })
}

function addRenew(group: Command): void {
  group
    .command('renew <device>')
    .description('make a new secret; the old one works for a while longer')
    .option('--overlap <duration>', 'how long the old one works yet', '7d')
    .option('--broker <url>', 'where it connects to (default: devices.url, or where the broker listens)')
    .option('--auth <kind>', 'token or certificate (default: what it has)')
    .option('--out <file>', 'its provisioning file (default: DEVICE.yaml here)')
    .addHelpText(
      'after',
      examplesOf('devices renew balcony', 'devices renew balcony --overlap 1h --out new.yaml'),
    )
    .action(async (device: string, options: RenewOptions, command: Command) => {
      const common = commonOptions(command)
      await writeLines(await renewDevice(configOf(common), device, options, common.json))
    })
}

function addMosquitto(group: Command): void {
  group
    .command('mosquitto')
    .description('write password, ACL, certificate and revocation files for an outside Mosquitto')
    .requiredOption('--out <folder>', 'where Mosquitto reads them')
    .option('--port <number>', 'that devices connect to', '8883')
    .option('--name <host>', 'by which devices find it (default: that of devices.url or mqtt.url)')
    .option('--auth <kind>', 'what devices show: token or certificate (default: devices.auth)')
    .addHelpText(
      'after',
      examplesOf('devices mosquitto --out /etc/mosquitto/barograph --name broker.example'),
    )
    .action(async (options: MosquittoOptions, command: Command) => {
      const common = commonOptions(command)
      await writeLines(await writeMosquitto(configOf(common), options, common.json))
    })
}
