import type { CounterId } from './metrics/counter-catalogue.ts'

/** `means`: what happened. `action`: what a person does. */
interface LogEntry {
  means: string
  action: string
}
const entry = (means: string, action = 'Nothing.'): LogEntry => ({ means, action })
const network = 'Look at the network, DNS and proxy of the machine; the bridge tries again.'
const asterisk = 'Look at Asterisk and its log; the bridge connects again by itself.'

/** Every line of the bridge's log that is no counter; a line of a counter has its id. `docs/operate.md` has the table. */
export const logCatalogue = {
  'spool open': entry(
    'The bridge starts. `unsent` facts of the process before will be sent; `tornBytes` were an incomplete write.',
  ),
  'bridge stopped': entry('The bridge was stopped. `unsent` facts stay in the spool for the next start.'),
  'epoch begun': entry(
    'Everything current was published under a new epoch: at each connection to Asterisk, and after a full spool.',
  ),
  'ari connected': entry('The bridge is connected to Asterisk, and read its endpoints and channels.'),
  'ari disconnected': entry('The connection to Asterisk ended for the `reason`.', asterisk),
  'ari not connected': entry(
    'An attempt to connect to Asterisk failed. The same reason is logged once a minute.',
    asterisk,
  ),
  'pbx-down': entry('Subscribers were told that the PBX is down, `since` its last sign of life.', asterisk),
  'ami connected': entry('The bridge is connected to the Manager Interface.'),
  'ami disconnected': entry('The connection to the Manager Interface ended.', asterisk),
  'ami-permission-missing': entry(
    'The user of the Manager Interface may not send `action`.',
    'Paste the `repair` into `manager.conf`, then `manager reload`.',
  ),
  check: entry('The result of a check is new.', 'Do what `repair` says; the table of checks explains each.'),
  'cdrs sent': entry('SQS has accepted call records.'),
  'facts dropped, the spool was full': entry(
    'The spool has room again. Everything current was published, with a gap.',
    'End the outage of the network sooner, or ask why the spool filled.',
  ),
  'queue not checked': entry(
    'A queue could not be checked at the start; facts and records are kept until it answers.',
    network,
  ),
  'clock-wrong': entry(
    'SQS refused a signature because of the clock of this machine; the bridge uses the time of the cloud.',
    'Set the clock: `timedatectl set-ntp true`.',
  ),
  'session renewed': entry('The cloud gave new AWS credentials.'),
  'session not renewed': entry(
    'The cloud gave no new AWS credentials; the old ones are still good `until` then.',
    network,
  ),
  'credentials read': entry('New AWS credentials were read from `credentialsFile`.'),
  'credentials-file-unusable': entry(
    '`credentialsFile` has no usable credentials; the old ones are used while they live.',
    'See to the program that writes the file.',
  ),
  command: entry('What became of a command of the cloud.'),
  'call not placed': entry(
    'Asterisk did not take a call that the API requested.',
    'If it repeats, see `reason`: the phone is not registered, or the dial plan lacks the context.',
  ),
  'call state unknown': entry(
    'Neither the answer to a call nor its channel could be had; the next connection decides.',
    asterisk,
  ),
  'receiving commands failed': entry('SQS gave no commands.', network),
  pace: entry('The cloud asked for this pace of the live lane, for ten minutes.'),
  'day verified': entry('The digest of a day of call records was sent.'),
  'verifying a day failed': entry(
    'The digest of a day could not be made.',
    'See `reason`; the CDR files of that day must be readable.',
  ),
  erased: entry('A number was erased from the folder of the bridge, as a person with the right asked.'),
  'menus ready': entry('The voice menus are connected.'),
  'menus disconnected from Asterisk': entry(
    'The connection of the menus ended; the dial plan answers meanwhile.',
    asterisk,
  ),
  'menus cannot connect to Asterisk': entry('An attempt of the menus to connect failed (level `debug`).', asterisk),
  'menus are off: speech synthesis failed': entry(
    'There are no menus until the next start.',
    'Install `espeak-ng`, and make `menus.sounds` writable; then restart the bridge.',
  ),
  'another client took over the menus application': entry(
    'The menus stopped: a second client uses their Stasis application.',
    'Stop that client, or set another `menus.application`; then restart the bridge.',
  ),
  'menu ended': entry('A caller left a menu.'),
  'menu unknown': entry(
    'A caller came to an extension that has no menu.',
    'Correct the dial plan, or add the file to `menus.files`.',
  ),
  'menu failed': entry('A menu ended with an error.', 'Report it with the line.'),
  'leaving the menu failed': entry('A caller could not be sent back to the dial plan.', asterisk),
  'configuration reloaded': entry('SIGHUP: the configuration was read again.'),
  'configuration not reloaded': entry(
    'SIGHUP: the configuration cannot be read; nothing has changed.',
    'Correct the file as `reason` says, then reload again.',
  ),
  'configuration needs a restart': entry(
    'SIGHUP: these keys differ, and hold after a restart.',
    '`systemctl restart switchhook-bridge`.',
  ),
} as const satisfies Readonly<Record<string, LogEntry>>

/** The name of a line. */
export type LogEvent = keyof typeof logCatalogue | CounterId
