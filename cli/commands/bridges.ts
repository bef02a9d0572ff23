import { createApi } from '../../client/http-client.ts'
import { bridgeRoutes } from '../../contracts/routes/bridges.ts'
import { siteAccess } from '../connection.ts'
import { type AnyCommand, examples, siteCommand } from '../options.ts'
import { print } from '../output.ts'

const columns = ['key', 'state', 'enrolledAt', 'lastUsedAt', 'expiresAt', 'revokedAt']

export function addBridgesCommand(program: AnyCommand): void {
  const bridges = program
    .command('bridges')
    .description('manage the bridges of a site')
    .addHelpText('after', examples('bridges list', 'bridges code'))
  siteCommand(bridges, 'list', 'list bridges and unused enrolment codes', 'bridges list --json').action(
    async (options) => {
      const { body } = await createApi(siteAccess(options), bridgeRoutes)('GET /v1/sites/{site}/bridges')
      print(body.bridges, { json: options.json, columns })
    },
  )
  siteCommand(bridges, 'code', 'print a code that enrols one bridge within an hour', 'bridges code')
    .addHelpText('after', '\nThen run beside the PBX: switchhook-bridge enroll CODE')
    .action(async (options) => {
      const { body } = await createApi(siteAccess(options), bridgeRoutes)('POST /v1/sites/{site}/bridges')
      print(body, options)
    })
  siteCommand(bridges, 'revoke', 'revoke a bridge, so that the cloud refuses what it sends', 'bridges revoke 5b81d0c2')
    .argument('<bridge>', 'identifier of the bridge, from "switchhook bridges list"')
    .action(async (bridge, options) => {
      const api = createApi(siteAccess(options), bridgeRoutes)
      print((await api('DELETE /v1/sites/{site}/bridges/{bridge}', { path: { bridge } })).body, options)
    })
}
