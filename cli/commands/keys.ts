import { Option } from '@commander-js/extra-typings'
import { createApi } from '../../client/http-client.ts'
import { keyRoutes } from '../../contracts/routes/keys.ts'
import { type ConnectionOptions, siteAccess } from '../connection.ts'
import { type AnyCommand, examples, siteCommand, wholeNumber } from '../options.ts'
import { print } from '../output.ts'

const columns = ['key', 'kind', 'name', 'scopes', 'lastUsedAt', 'expiresAt', 'revokedAt']
const identifier = 'identifier of the key, from "switchhook keys list"'
const expiryOption = new Option('--expires-in-days <days>', 'days until it expires; never if not given').argParser(
  wholeNumber,
)
const roleOption = new Option('--role <role>', 'set of scopes that the key gets')
  .choices(['viewer', 'operator', 'admin'])
  .conflicts('scopes')
const createExamples = [
  'keys create --name "Front desk" --role operator',
  'keys create --name CRM --scopes calls:write,calls:read --expires-in-days 90',
]

export function addKeysCommand(program: AnyCommand): void {
  const keys = program
    .command('keys')
    .description('manage the keys of a site; a secret is shown only once')
    .addHelpText('after', examples('keys list', ...createExamples))
  siteCommand(keys, 'list', 'list keys and board tokens, without their secrets', 'keys list --json').action(
    async (options) => {
      const { body } = await keysApi(options)('GET /v1/sites/{site}/keys')
      print(body.keys, { json: options.json, columns })
    },
  )
  siteCommand(keys, 'create', 'create a key and print its secret', ...createExamples)
    .requiredOption('--name <name>', 'who or what uses the key')
    .addOption(roleOption)
    .option('--scopes <scopes>', 'scopes separated by commas, instead of a role', (text) => text.split(','))
    .addOption(expiryOption)
    .action(async (options) => {
      const { name, role, scopes, expiresInDays } = options
      const request = { body: { name, role, scopes, expiresInDays } }
      const { body } = await keysApi(options)('POST /v1/sites/{site}/keys', request)
      print(body, options)
    })
  siteCommand(
    keys,
    'board',
    'create a token that shows presence on a wall board, and nothing else',
    'keys board --name Hall',
  )
    .requiredOption('--name <name>', 'where the board hangs')
    .addOption(expiryOption)
    .action(async (options) => {
      const { name, expiresInDays } = options
      const { body } = await keysApi(options)('POST /v1/sites/{site}/boards', { body: { name, expiresInDays } })
      print(body, options)
    })
  siteCommand(
    keys,
    'rotate',
    'replace the secret of a key and print the new one',
    'keys rotate 3f9a1c0b7d2e4f68 --overlap-seconds 600',
  )
    .argument('<key>', identifier)
    .option('--overlap-seconds <seconds>', 'how long the old secret still works (default: 3600)', wholeNumber)
    .action(async (key, options) => {
      const { overlapSeconds } = options
      const request = { path: { key }, body: { overlapSeconds } }
      const { body } = await keysApi(options)('POST /v1/sites/{site}/keys/{key}/rotate', request)
      print(body, options)
    })
  siteCommand(keys, 'revoke', 'revoke a key or a board token at once', 'keys revoke 3f9a1c0b7d2e4f68')
    .argument('<key>', identifier)
    .action(async (key, options) => {
      const { body } = await keysApi(options)('DELETE /v1/sites/{site}/keys/{key}', { path: { key } })
      print(body, options)
    })
}

function keysApi(options: ConnectionOptions) {
  return createApi(siteAccess(options), keyRoutes)
}
