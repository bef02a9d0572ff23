import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Suites in the order in which their files start. Files of a suite follow each other: Vitest ends a worker if the next file is of
 * another suite, and a new worker spends two seconds of processor time on loading its modules.
 */
const suiteOrder = ['house', 'pure', 'pbx', 'browser', 'packaged', 'cloud', 'io', 'simulate', 'timing']

/** Mostly waits, while the simulations compute beside it; the other latencies follow when both have ended. */
const first = '/test/timing/menu-faults.test.ts'

/** Files that run longest in their suite, longest first. They start first, so that no core is left idle at the end. */
const longest = [
  'simulate/bridge',
  'simulate/presence',
  'house/tools',
  'pbx/menu-calls',
  'pbx/placed-calls',
  'pbx/one-call',
  'pbx/forwarding',
  'pbx/asterisk-install',
  'pbx/bridge-check',
  'pbx/menu-by-curl',
  'pbx/call-stories',
  'pbx/start',
  'browser/accessibility',
  'browser/one-call',
  'browser/call-control',
  'browser/call-search',
  'packaged/start',
  'packaged/removal',
  'packaged/large-site',
  'packaged/call-guards',
  'packaged/export-job',
  'packaged/erasure',
  'packaged/access',
  'packaged/cli',
  'packaged/access-table',
  'packaged/grade-privacy',
  'packaged/webhooks',
  'packaged/verification',
  'cloud/bridge-links',
  'cloud/bridge-kill',
  'cloud/import',
  'cloud/local-queues',
  'cloud/bridge-disk',
  'cloud/access-kills',
  'cloud/bridge-killed-writes',
  'cloud/local-functions',
  'cloud/export-job',
  'cloud/lookup-tries',
]

/** Starts the files suite by suite, and in each suite those that run longest first. */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => suitePlace(a) - suitePlace(b) || lengthPlace(a) - lengthPlace(b))
  }
}

function suitePlace({ project, moduleId }: TestSpecification): number {
  if (moduleId.endsWith(first)) return suiteOrder.indexOf('simulate') - 1
  const place = suiteOrder.indexOf(project.name)
  return place < 0 ? suiteOrder.length : place
}

function lengthPlace({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
  return place < 0 ? longest.length : place
}
