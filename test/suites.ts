import { existsSync } from 'node:fs'

/** A group of tests that needs the same things of the machine. */
export interface Suite {
  name: string
  what: string
  /** Debian packages that it cannot do without, each with a file that tells whether it is there. */
  needs: { package: string; file: string }[]
}

export const suites: Suite[] = [
  { name: 'house', what: 'formatter, linter, compiler and the rules of the file tree', needs: [] },
  { name: 'pure', what: 'no network, no process', needs: [] },
  { name: 'simulate', what: 'seeded schedules of faults over the real parts', needs: [] },
  { name: 'cloud', what: 'the local cloud and the bridge against it', needs: [] },
  { name: 'packaged', what: 'the functions as they are deployed', needs: [] },
  {
    name: 'pbx',
    what: 'a real Asterisk, real calls and real speech',
    needs: [
      { package: 'sip-tester', file: '/usr/bin/sipp' },
      { package: 'espeak-ng', file: '/usr/bin/espeak-ng' },
      { package: 'sox', file: '/usr/bin/sox' },
    ],
  },
  {
    name: 'browser',
    what: 'the page in Chromium',
    needs: [{ package: 'chromium', file: '/usr/bin/chromium' }],
  },
]

export function missingPackages(suite: Suite): string[] {
  return suite.needs.filter((need) => !existsSync(need.file)).map((need) => need.package)
}

/** For a bench, which needs what a suite needs. */
export function requirePackages(name: string): void {
  const suite = suites.find((one) => one.name === name)
  if (!suite) throw new Error(`no suite ${name}`)
  const missing = missingPackages(suite)
  if (missing.length > 0) throw new Error(`This needs what Debian has: apt-get install -y ${missing.join(' ')}`)
}
