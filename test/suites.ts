import { existsSync } from 'node:fs'
import path from 'node:path'

/** A group of tests that needs the same things of the machine; its files are in `test/NAME/`. */
export interface Suite {
  name: string
  what: string
  group: Group
  /** Debian packages that the suite cannot run without, each with a file that shows whether it is installed. */
  needs: { package: string; file: string }[]
  /** Whether its files use the packaged functions on the one local cloud of the run. Such suites are one project of Vitest. */
  sharesCloud?: true
  /** Whether its files start an Asterisk, which is unpacked before. */
  startsAsterisk?: true
  /** Whether the processor serves its files only when no other process needs it. */
  lowPriority?: true
}

/**
 * Groups run one after the other. `computing`: one file per core. `waiting`: files that mostly wait for processes, calls
 * and pages run side by side, two more than there are cores. `measuring`: files that measure latency, with only the
 * simulations beside them, which run at the lowest priority.
 */
export const groups = ['computing', 'waiting', 'measuring'] as const
export type Group = (typeof groups)[number]

const phones: Suite['needs'] = [
  { package: 'sip-tester', file: '/usr/bin/sipp' },
  { package: 'espeak-ng', file: '/usr/bin/espeak-ng' },
  { package: 'sox', file: '/usr/bin/sox' },
]

export const suites: Suite[] = [
  { name: 'house', what: 'formatter, linter, compiler and the rules of the file tree', group: 'computing', needs: [] },
  { name: 'pure', what: 'no socket, no process, nothing synced to a disk', group: 'computing', needs: [] },
  { name: 'io', what: 'single parts on a real disk and real sockets', group: 'waiting', needs: [] },
  { name: 'cloud', what: 'the local cloud and the bridge against it', group: 'waiting', needs: [] },
  { name: 'packaged', what: 'the functions as they are deployed', group: 'waiting', needs: [], sharesCloud: true },
  {
    name: 'pbx',
    what: 'a real Asterisk, real calls and real speech',
    group: 'waiting',
    needs: phones,
    sharesCloud: true,
    startsAsterisk: true,
  },
  {
    name: 'browser',
    what: 'the page in Chromium',
    group: 'waiting',
    needs: [{ package: 'chromium-headless-shell', file: '/usr/bin/chromium-headless-shell' }],
    sharesCloud: true,
    startsAsterisk: true,
  },
  {
    name: 'simulate',
    what: 'seeded schedules of faults over the real parts',
    group: 'measuring',
    needs: [],
    lowPriority: true,
  },
  {
    name: 'timing',
    what: 'latencies, and twenty callers at once, with nothing beside but the simulations',
    group: 'measuring',
    needs: phones,
    startsAsterisk: true,
  },
]

/** The project of Vitest that runs a suite's files. */
export function projectOf({ name, sharesCloud }: Suite): string {
  return sharesCloud ? 'shared-cloud' : name
}

/** The suite of a test file, by its absolute path. */
export function suiteOf(file: string): Suite {
  const [, name] = path.relative(process.cwd(), file).split(path.sep)
  const suite = suites.find((one) => one.name === name)
  if (!suite) throw new Error(`${file} is in no suite's folder`)
  return suite
}

export function missingPackages(suite: Suite): string[] {
  return suite.needs.filter((need) => !existsSync(need.file)).map((need) => need.package)
}

/** Throws an error that names the Debian packages to install if a suite's are missing; a bench needs the same. */
export function requirePackages(name: string): void {
  const suite = suites.find((one) => one.name === name)
  if (!suite) throw new Error(`no suite ${name}`)
  const missing = missingPackages(suite)
  if (missing.length > 0) throw new Error(`Debian packages are missing: apt-get install -y ${missing.join(' ')}`)
}
