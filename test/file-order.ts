import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The suites with the longest files, which start first, so that no long file is left alone at the end of a run. */
const first = ['pbx', 'browser', 'packaged']

export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => placeOf(a) - placeOf(b))
  }
}

function placeOf({ project }: TestSpecification): number {
  const place = first.indexOf(project.name)
  return place < 0 ? first.length : place
}
