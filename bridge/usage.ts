import { editDistance } from '../contracts/edit-distance.ts'

/** What `switchhook-bridge --help` prints. */
export const help = `switchhook-bridge forwards the events and call records of an Asterisk PBX to Switchhook.

  switchhook-bridge --config FILE
      Runs the bridge until SIGTERM or SIGINT. SIGHUP reads the configuration again: the log level holds at once, and the log
      names the keys that need a restart.
  switchhook-bridge setup CODE --api URL [--dry-run] [--yes]
      Prepares the PBX of this machine in one command: shows every change of Asterisk's files, asks, enrols the bridge, reloads
      without ending a call, checks the result and starts the service. --dry-run only shows; --yes does not ask.
      --asterisk FILE names asterisk.conf if several Asterisks run; --http-port, --ami-port and --health-port N choose free ports;
      --forwarding CONTEXT adds call forwarding to a plain dial plan; --no-dial-plan leaves that of FreePBX and Issabel as it is, so
      that the API can neither place calls nor set forwarding; --zone, --country and --prefix correct what was found, and
      --key-file FILE holds the API key that may store it; --user, --folder and --state-folder name those of the bridge.
  switchhook-bridge setup --undo
      Takes setup back: every file is as it was before, byte for byte. Also after a setup that was interrupted.
  switchhook-bridge enroll CODE --api URL --folder DIR
      Enrols the bridge with the code of its site. Once, before the first start.
  switchhook-bridge check --config FILE [--etc DIR] [--json]
      Says what is wrong with the machine, Asterisk, the records or the cloud, and how to repair it. Also beside a running
      bridge. It makes no call and changes nothing. DIR is Asterisk's configuration, /etc/asterisk by default.
  switchhook-bridge top --config FILE | --port N [--every SECONDS] [--once]
      Shows a running bridge: its components, how long each hop takes, what waits, and what went wrong. Redraws in place until
      Ctrl-C; writes one line each time where there is no terminal. --once shows everything once.
  switchhook-bridge quarantine list|retry --config FILE
      Lists the records that could not be read, or reads them again.
  switchhook-bridge quarantine erase NUMBER --config FILE [--country FR] [--prefix DIGITS]
      Removes what holds a person's telephone number, in any spelling that users in the country dial.
  switchhook-bridge --print-config --config FILE
      Prints the whole configuration with its defaults, without its secrets.
  switchhook-bridge --version
  switchhook-bridge --help

Exit statuses are those of sysexits.h: 64 usage, 65 records are left, 66 no input, 69 unavailable, 73 cannot write,
74 disk, 75 try again, 77 refused, 78 configuration.
`

export const commandNames = ['setup', 'enroll', 'check', 'top', 'quarantine'] as const
const optionNames = ['--config', '--help', '--version', '--print-config']

/** Says which command or option was meant, for an argument that is neither. */
export function usageFault(argument: string): string {
  const isOption = argument.startsWith('-')
  const name = argument.split('=')[0] ?? ''
  const known = isOption ? optionNames : commandNames
  const near = known
    .map((one) => ({ one, distance: editDistance(name, one) }))
    .filter(({ one, distance }) => distance <= Math.max(1, Math.floor(one.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0]
  // An argument may be a secret that was meant for an option.
  const what = isOption ? `${name} is an unknown option` : 'unknown command'
  return `${what}${near ? ` (is it ${near.one}?)` : ''}: see switchhook-bridge --help`
}
