import { type CounterEntry, entry } from './counter-kinds.ts'

const away = 'See whether Asterisk runs and is overloaded: `asterisk -rx "core show uptime"`, and its log.'
const quarantine =
  'Read it with `switchhook-bridge quarantine list`; report an event or a layout that should be understood.'
const manager = 'Correct the user in `manager.conf`: `switchhook-bridge check` names what it lacks.'
const reader = "Let the bridge's user read the CDR file and its folder."

/** Counters of what comes from Asterisk: over ARI and the Manager Interface, and from the CDR file. */
export const inputCounters = {
  gap: entry('gaps', 'A connection began after events may have been missed; the current state was published.', away),
  'ari-disconnected': entry('disconnects', 'The connection to ARI ended.', away),
  'ari-connect-failed': entry('disconnects', 'An attempt to connect to ARI failed.', away),
  'ari-unreachable': entry('disconnects', 'A request to ARI got no answer.', away),
  'ari-refused': entry('refusals', 'Asterisk refused a request to ARI.', 'See the log, and `switchhook-bridge check`.'),
  'ari-filter-missing': entry(
    'refusals',
    'This Asterisk has no event filters: it sends more events than the bridge uses.',
    'Nothing; Asterisk 16.6 and later have them.',
  ),
  'ari-frame-malformed': entry('quarantined', 'A frame of ARI could not be read.', quarantine),
  'ari-event-unknown': entry(
    'quarantined',
    'An event has a type that the bridge does not know; the first of each is kept.',
    quarantine,
  ),
  'ari-field-repaired': entry(
    'repaired',
    'A field of an event or an answer was cut, or left out.',
    'See `ari-field-repaired` in the log: it names the field.',
  ),
  'ari-item-left-out': entry(
    'dropped',
    'An item of a list of Asterisk could not be used.',
    'See `ari-item-left-out` in the log: it names the list.',
  ),
  'sweep-differed': entry(
    'gaps',
    'The sweep found an entity that had changed without an event; the bridge connects again.',
    away,
  ),
  'sweep-failed': entry('retries', 'The five-minute comparison with Asterisk got no answer.', away),
  'ami-unreachable': entry('disconnects', 'The Manager Interface was not reached, or did not answer.', away),
  'ami-login-refused': entry('refusals', 'The Manager Interface refused the login.', manager),
  'ami-refused': entry('refusals', 'The Manager Interface refused an action.', manager),
  'ami-header-refused': entry(
    'refusals',
    'A value with a line break was not sent to the Manager Interface.',
    'Look for a mailbox or extension with a line break.',
  ),
  'ami-message-cut': entry('repaired', 'A message of the Manager Interface was too long, and was cut.'),
  'ami-message-malformed': entry(
    'dropped',
    'A message of the Manager Interface about a mailbox or queue could not be read.',
    'Report it with the version of Asterisk.',
  ),
  attack: entry(
    'work',
    'An address was refused by Asterisk so often that it guesses passwords or extensions.',
    'Lock it out: examples/fail2ban does that by itself.',
  ),
  'queue-left-out': entry(
    'dropped',
    'Queues, members or callers above the limit of 20,000 were left out.',
    'Split the queues over several PBXs.',
  ),
  'phone-settings-unread': entry('retries', 'The forwards and settings of phones could not be read.', manager),
  'forwarding-missing': entry(
    'refusals',
    'The dial plan has no forwarding of Switchhook, so that it cannot be set.',
    'Run `switchhook-bridge setup`, on a plain Asterisk with `--forwarding CONTEXT`, or see docs/call-control.md.',
  ),
  'cdr-line-malformed': entry(
    'quarantined',
    'A call record could not be read.',
    '`switchhook-bridge quarantine list` has the reason of each; correct `cdr.layout`, then `quarantine retry`.',
  ),
  'cdr-line-overlong': entry('quarantined', 'A call record is longer than 64 KiB.', quarantine),
  'cdr-file-unreadable': entry('disk_errors', 'The CDR file could not be read; its records wait there.', reader),
  'cdr-rotated-unreadable': entry('disk_errors', 'A rotated CDR file could not be read; it is tried again.', reader),
  'cdr-file-truncated': entry(
    'gaps',
    'The CDR file was cut while it was read, as `copytruncate` does; its rest is read from the copy.',
    'Rotate by rename (`create`), so that no record can fall between copy and cut.',
  ),
  'cdr-position-lost': entry(
    'gaps',
    'No file has the records before the saved position: all files are read again, and the cloud deduplicates.',
    'Keep rotated files until the bridge has read them.',
  ),
  'cdr-position-unsaved': entry(
    'disk_errors',
    'The position in the CDR file was not saved: after a crash, records are sent twice, and deduplicated.',
    'Free space on the disk of `stateFolder`.',
  ),
  'cdr-database-unreachable': entry(
    'disconnects',
    'The database of CDRs was not reached, or a statement failed; the bridge connects again.',
    'Start the database; `switchhook-bridge check` names what is wrong.',
  ),
  'cdr-watch-failed': entry(
    'retries',
    'The machine has no more inotify watches: the CDR file is looked at each second.',
    'Raise `fs.inotify.max_user_watches`.',
  ),
} as const satisfies Record<string, CounterEntry>
