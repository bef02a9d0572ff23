import { gradeRoutes } from '../../../contracts/routes/grades.ts'
import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { GradeStore } from '../../stores/grades.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { deleteGrade, getGrade, listGrades, putGrade } from './grades.ts'
import { uploadGrades } from './upload-grades.ts'

const store = new GradeStore(documentClient(), config('TABLE_PEOPLE').TABLE_PEOPLE)

export const handler = httpHandler(gradeRoutes, 'grades', {
  'GET /v1/sites/{site}/grades': async ({ site, query }) =>
    answer(200, await listGrades(site, query, { store, cursorKey: (await secrets()).cursorKey })),
  'POST /v1/sites/{site}/grades': async ({ site, query, body, now }) => {
    const { pepper } = await secrets()
    return answer(200, await uploadGrades(site, body, { store, pepper, now, dryRun: query.dryRun === 'true' }))
  },
  'GET /v1/sites/{site}/grades/{matricule}': async (request) =>
    getGrade(request, { store, pepper: (await secrets()).pepper }),
  'PUT /v1/sites/{site}/grades/{matricule}': async (request) => {
    const { grade, extras } = await putGrade(request, { store, pepper: (await secrets()).pepper })
    return answer(200, grade, extras)
  },
  'DELETE /v1/sites/{site}/grades/{matricule}': async (request) =>
    answer(204, undefined, await deleteGrade(request, { store, pepper: (await secrets()).pepper })),
  'GET /v1/sites/{site}/grade-scale': async ({ site }) => answer(200, await store.scale(site)),
  'PUT /v1/sites/{site}/grade-scale': async ({ site, body }) => {
    await store.putScale(site, body)
    return answer(200, body)
  },
})
