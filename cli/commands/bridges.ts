import * as v from 'valibot'
import { BridgeList } from '../../contracts/bridge-access.ts'
import { ask, sitePath } from '../api.ts'
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
      const access = siteAccess(options)
      const { bridges: rows } = v.parse(BridgeList, await ask(access, 'GET', sitePath(access, 'bridges')))
      print(rows, { json: options.json, columns })
    },
  )
  siteCommand(bridges, 'code', 'print a code that enrols one bridge within an hour', 'bridges code')
    .addHelpText('after', '\nThen run beside the PBX: switchhook-bridge enroll CODE')
    .action(async (options) => {
      const access = siteAccess(options)
      print(await ask(access, 'POST', sitePath(access, 'bridges')), options)
    })
  siteCommand(bridges, 'revoke', 'revoke a bridge, so that the cloud refuses what it sends', 'bridges revoke 5b81d0c2')
    .argument('<bridge>', 'identifier of the bridge, from "switchhook bridges list"')
    .action(async (bridge, options) => {
      const access = siteAccess(options)
      print(await ask(access, 'DELETE', sitePath(access, `bridges/${encodeURIComponent(bridge)}`)), options)
    })
}
