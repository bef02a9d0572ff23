import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites whose files mostly wait: for rings, for answers, for a page. Those of the other suites mostly compute. */
const waiting = ['pbx', 'browser']

/**
 * Starts files that wait and files that compute in turn, so that both cores are busy at all times and no long file is left
 * alone at the end of a run. Within each kind, `packaged` comes before `cloud` and `io`, whose files are short.
 */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b))
    const isWaiting = ({ project }: TestSpecification) => waiting.includes(project.name)
    const [some, others] = [sorted.filter(isWaiting), sorted.filter((file) => !isWaiting(file))]
    return sorted.flatMap((_, n) => [some[n], others[n]].filter((file) => file !== undefined))
  }
}

const order = ['pbx', 'browser', 'packaged', 'cloud', 'io']

function placeOf({ project }: TestSpecification): number {
  const place = order.indexOf(project.name)
  return place < 0 ? order.length : place
}
