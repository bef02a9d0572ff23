import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Projects in the order in which their files start. Files of a project follow each other: Vitest ends a worker if the next file is
 * of another project, and a new worker spends two seconds of processor time on loading its modules.
 */
const projectOrder = ['house', 'pure', 'shared-cloud', 'cloud', 'io', 'simulate', 'timing']

/** Mostly waits, while the simulations compute beside it; the other latencies follow when both have ended. */
const first = '/test/timing/menu-faults.test.ts'

/**
 * Files that run longest in their project. They start first, in this order, so that no core is left idle at the end. Files that
 * wait for calls and pages alternate with files that compute.
 */
const longest = [
  'simulate/bridge',
  'simulate/presence',
  'house/tools',
  'pbx/menu-calls',
  'packaged/start',
  'pbx/placed-calls',
  'packaged/removal',
  'browser/accessibility',
  'pbx/one-call',
  'packaged/large-site',
  'pbx/forwarding',
  'packaged/export-job',
  'browser/one-call',
  'packaged/erasure',
  'packaged/verification',
  'pbx/call-stories',
  'pbx/asterisk-install',
  'browser/call-search',
  'packaged/cli',
  'packaged/access-table',
  'browser/board',
  'packaged/grade-privacy',
  'browser/pages',
  'packaged/call-guards',
  'pbx/mailbox-watch',
  'pbx/menu-by-curl',
  'packaged/bridge-access',
  'browser/call-control',
  'pbx/start',
  'browser/connection',
  'packaged/call-results',
  'packaged/webhooks',
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

/** Starts the files project by project, and in each project those that run longest first. */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => projectPlace(a) - projectPlace(b) || lengthPlace(a) - lengthPlace(b))
  }
}

function projectPlace({ project, moduleId }: TestSpecification): number {
  if (moduleId.endsWith(first)) return projectOrder.indexOf('simulate') - 1
  const place = projectOrder.indexOf(project.name)
  return place < 0 ? projectOrder.length : place
}

function lengthPlace({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
  return place < 0 ? longest.length : place
}
