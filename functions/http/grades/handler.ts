import { config } from '../../config.ts'
import { fingerprint } from '../../domain/grades/fingerprint.ts'
import { secrets } from '../../secrets.ts'
import { GradeStore } from '../../stores/grades.ts'
import { documentClient } from '../../stores/table.ts'
import { httpRoutes } from '../http-handler.ts'
import { answer } from '../request.ts'
import { deleteGrade, etagOf, getGrade, listGrades, putGrade } from './grades.ts'
import { uploadGrades } from './upload-grades.ts'

const store = new GradeStore(documentClient(), config('TABLE_PEOPLE').TABLE_PEOPLE)
/** The audit knows a student by fingerprint. */
const on = (pepper: string, site: string, matricule: string) => ({
  on: `grades/${fingerprint(pepper, 'matricule', site, matricule)}`,
})

export const handler = httpRoutes({
  'GET /v1/sites/{site}/grades': async ({ site, query }) =>
    answer(200, await listGrades(site, query, { store, cursorKey: (await secrets()).cursorKey })),
  'POST /v1/sites/{site}/grades': async ({ site, query, body, now }) => {
    const { pepper } = await secrets()
    return answer(200, await uploadGrades(site, body, { store, pepper, now, dryRun: query.dryRun === 'true' }))
  },
  'GET /v1/sites/{site}/grades/{matricule}': async ({ site, path }) => {
    const [grade, item] = await getGrade(site, path.matricule, store)
    return answer(200, grade, {
      headers: { etag: etagOf(item) },
      audit: on((await secrets()).pepper, site, path.matricule),
    })
  },
  'PUT /v1/sites/{site}/grades/{matricule}': async ({ site, path, body, headers, now }) => {
    const { pepper } = await secrets()
    const [grade, item] = await putGrade(site, path.matricule, body, { store, headers, pepper, now })
    return answer(200, grade, { headers: { etag: etagOf(item) }, audit: on(pepper, site, path.matricule) })
  },
  'DELETE /v1/sites/{site}/grades/{matricule}': async ({ site, path, headers }) => {
    await deleteGrade(site, path.matricule, { store, headers })
    return answer(204, undefined, { audit: on((await secrets()).pepper, site, path.matricule) })
  },
  'GET /v1/sites/{site}/grade-scale': async ({ site }) => answer(200, await store.scale(site)),
  'PUT /v1/sites/{site}/grade-scale': async ({ site, body }) => {
    await store.putScale(site, body)
    return answer(200, body)
  },
})
