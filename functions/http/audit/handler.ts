import { auditRoutes } from '../../../contracts/routes/audit.ts'
import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { AuditStore } from '../../stores/audit.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { listAudit } from './list-audit.ts'

const audit = new AuditStore(documentClient(), config('TABLE_AUDIT').TABLE_AUDIT)

export const handler = httpHandler(auditRoutes, 'audit', {
  'GET /v1/sites/{site}/audit': async ({ site, query, now }) => {
    const { cursorKey } = await secrets()
    return answer(200, await listAudit(site, query, { audit, cursorKey, now }))
  },
})
