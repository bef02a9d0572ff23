import { bridgeRoutes } from '../../../contracts/routes/bridges.ts'
import { config } from '../../config.ts'
import { BridgeSessions } from '../../gateways/bridge-sessions.ts'
import { deploymentPublicKey, secrets } from '../../secrets.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { enrolBridge } from '../bridges/enrol-bridge.ts'
import { issueCredentials } from '../bridges/issue-credentials.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'

const env = config('TABLE_ACCESS', 'QUEUE_LIVE', 'QUEUE_RECORDS', 'BRIDGE_ROLE', 'AWS_REGION')
const sites = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const bridges = new BridgeStore(documentClient(), env.TABLE_ACCESS)
const sessions = new BridgeSessions(env.BRIDGE_ROLE)
const shared = { sites, bridges, region: env.AWS_REGION, queues: { live: env.QUEUE_LIVE, records: env.QUEUE_RECORDS } }

/** A bridge has no API key: it authenticates with an enrolment code once, and with its own signature afterwards. */
export const handler = httpHandler(bridgeRoutes, 'bridgeAuth', {
  'POST /v1/bridge/enrolments': async ({ body, now }) => {
    const publicKey = deploymentPublicKey(await secrets())
    const enrolled = await enrolBridge(body, { ...shared, deploymentPublicKey: publicKey, now })
    return answer(201, enrolled, { audit: { who: `bridge:${enrolled.key}`, site: enrolled.site } })
  },
  'POST /v1/bridge/credentials': async ({ body, now }) => {
    const session = await issueCredentials(body, { ...shared, sessions, now })
    return answer(201, session, { audit: { who: `bridge:${body.key}`, site: body.site } })
  },
})
