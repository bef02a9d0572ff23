import { gradeRoutes } from '../../../contracts/routes/grades.ts'
import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { GradeStore } from '../../stores/grades.ts'
import { LookupTries } from '../../stores/lookup-tries.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { lookUpGrade } from './look-up-grade.ts'

const { TABLE_PEOPLE } = config('TABLE_PEOPLE')
const store = new GradeStore(documentClient(), TABLE_PEOPLE)
const tries = new LookupTries(documentClient(), TABLE_PEOPLE)

export const handler = httpHandler(
  gradeRoutes,
  'gradeLookups',
  {
    'POST /v1/sites/{site}/grade-lookups': async ({ site, body, now, withinRate, auditNow }) => {
      const { pepper } = await secrets()
      return answer(200, await lookUpGrade(site, body, { store, tries, pepper, now, withinRate, auditNow }))
    },
  },
  { readsAhead: true },
)
