import { type CounterEntry, entry } from './counter-kinds.ts'

const network = 'Look at the network, DNS and proxy of the machine; docs/install.md lists the destinations.'
const disk = 'Free space on the disk of `stateFolder`, or replace the disk.'
const outage = 'End the outage; a spool of 512 MiB holds a day at 14 facts a second.'
const speech = 'Install `espeak-ng`, and make `menus.sounds` writable for the bridge and readable for Asterisk.'
const report = 'See the log; report it if it repeats.'

/** Counters of what goes to the cloud and to the disk, of commands and of voice menus. */
export const outputCounters = {
  'sent-live': entry('sent_messages', 'SQS accepted a message of the live lane.'),
  'sent-records': entry('sent_messages', 'SQS accepted a message of the records lane.'),
  'cdrs-sent': entry('sent_call_records', 'SQS accepted a call record.'),
  'queue-unavailable': entry(
    'retries',
    'A call of SQS failed as a whole: no answer, throttling, or refused credentials.',
    network,
  ),
  'queue-entry-failed': entry('retries', 'SQS did not accept some messages of a call.'),
  'body-refused': entry('quarantined', 'SQS will never accept this message for its content.', report),
  'facts-too-old': entry('dropped', 'Facts could not be sent for 30 days.', outage),
  'spool-full': entry(
    'dropped',
    'A fact came while the spool was full. The current state is published once there is room.',
    outage,
  ),
  'spool-disk-full': entry('disk_errors', 'The disk is full: facts wait in memory.', disk),
  'spool-damaged': entry(
    'quarantined',
    'Bytes of the spool were damaged on disk.',
    'Check the disk (`smartctl`) and its file system.',
  ),
  'spool-torn': entry(
    'repaired',
    'The last write before a crash was incomplete, and was cut off. Nothing that was sent is lost.',
  ),
  'spool-ack-unsaved': entry(
    'disk_errors',
    'The position of the spool was not saved: after a crash, facts are sent twice, and deduplicated.',
    disk,
  ),
  'spool-not-deleted': entry('disk_errors', 'A sent segment of the spool could not be deleted.', disk),
  'epoch-unsaved': entry('disk_errors', 'A new epoch could not be saved, so that it has not begun.', disk),
  'heard-unsaved': entry(
    'disk_errors',
    'The time at which Asterisk was last seen was not saved: the next gap begins too early.',
    disk,
  ),
  'quarantine-busy': entry(
    'dropped',
    'A frame was not kept, because too many waited for the disk.',
    'See which frames cannot be read.',
  ),
  'quarantine-unwritable': entry(
    'disk_errors',
    'The quarantine could not be written: records wait, frames are dropped.',
    disk,
  ),
  'command-poll-failed': entry('retries', 'Receiving commands failed.', network),
  'command-malformed': entry('refusals', 'A command could not be read.', 'Update the bridge: the cloud may be newer.'),
  'command-signature-invalid': entry(
    'refusals',
    'A command is not signed by the deployment, or is of another site.',
    'Compare `deploymentPublicKey` with that of the deployment; somebody may have written into the queue.',
  ),
  'command-failed': entry('work', 'Executing a command failed.', report),
  'command-again': entry('duplicates', 'A command came a second time, or after a newer one.'),
  'command-sent': entry('commands', 'A call was placed.'),
  'command-set': entry('commands', 'A setting of a phone was changed.'),
  'command-pace': entry('commands', 'The cloud asked for a slower pace of the live lane.'),
  'command-unclear': entry('commands', 'The answer of Asterisk was lost: the bridge asks whether the call exists.'),
  'command-unsupported': entry(
    'commands',
    'The dial plan has no forwarding, so that a setting was not changed.',
    'See `forwarding-missing`.',
  ),
  'verify-day-failed': entry('work', 'The digest of a day of call records could not be made.', report),
  'day-told': entry('work', 'The digest of a day of call records was sent.'),
  'erasure-done': entry('work', 'A number was erased from the folder of the bridge.'),
  'erasure-failed': entry('work', 'Erasing a number failed; it is tried again.', report),
  'erasure-unfinished': entry('work', 'An erasure waits until the spool is sent.', network),
  'menu-calls': entry('menus', 'A caller entered a voice menu.'),
  'menu-adopted': entry('menus', 'A caller who had waited for the bridge was taken by a menu.'),
  'menu-unknown': entry(
    'menus',
    'The dial plan sent a caller to an extension without a menu.',
    'Correct the dial plan, or add the file to `menus.files`.',
  ),
  'menu-failed': entry('menus', 'A menu ended with an error.', report),
  'menus-unreachable': entry(
    'disconnects',
    'The connection of the menus to ARI could not be made.',
    'See `ari-connect-failed`.',
  ),
  'lookup-unavailable': entry('menus', 'The cloud did not answer a lookup of a menu.', network),
  'lookup-timeout': entry('menus', 'The cloud answered a lookup of a menu too late.', network),
  'speech-failed': entry('menus', 'Speech could not be synthesised.', speech),
  'other-error': entry('work', 'An error without a counter of its own.', report),
} as const satisfies Record<string, CounterEntry>
