import { Option } from '@commander-js/extra-typings'
import { createApi } from '../../client/http-client.ts'
import { siteRoutes } from '../../contracts/routes/sites.ts'
import type { Site } from '../../contracts/site.ts'
import { apiAccess, type ConnectionOptions } from '../connection.ts'
import { type AnyCommand, deploymentCommand, examples, UsageError, wholeNumber } from '../options.ts'
import { print } from '../output.ts'

const countryOption = new Option('--country <code>', 'country of the site, for example FR')
const zoneOption = new Option('--zone <zone>', 'time zone of the site, for example Europe/Paris')
const languageOption = new Option('--language <code>', 'language of the voice menus').choices(['fr', 'en'])
const retentionOption = new Option('--retention-days <days>', 'how long calls are kept').argParser(wholeNumber)

const createExample = 'sites create office --name "Head office" --zone Europe/Paris'

export function addSitesCommand(program: AnyCommand): void {
  const sites = program
    .command('sites')
    .description("manage the sites of a deployment, with the deployment's admin key")
    .addHelpText('after', examples('sites list', createExample))
  deploymentCommand(sites, 'list', 'list all sites', 'sites list --json').action(async (options) => {
    print(await listSites(options), {
      json: options.json,
      columns: ['site', 'name', 'country', 'zone', 'createdAt'],
    })
  })
  deploymentCommand(sites, 'show', 'show the settings of a site', 'sites show office')
    .argument('<site>', 'site')
    .action(async (site, options) => {
      print((await sitesApi(options)('GET /v1/sites/{site}', { path: { site } })).body, options)
    })
  deploymentCommand(
    sites,
    'create',
    'create a site; its first key and the code of its bridge are shown only once',
    createExample,
  )
    .argument('<site>', 'identifier, for example office')
    .requiredOption('--name <name>', 'name that people read')
    .addOption(countryOption)
    .addOption(zoneOption)
    .addOption(languageOption)
    .addOption(retentionOption)
    .action(async (site, options) => {
      const { name, country, zone, language, retentionDays } = options
      const body = { site, name, country, zone, language, retentionDays }
      print((await sitesApi(options)('POST /v1/sites', { body })).body, options)
    })
  deploymentCommand(sites, 'change', 'change the settings that are given', 'sites change office --retention-days 180')
    .argument('<site>', 'site')
    .option('--name <name>', 'name that people read')
    .addOption(countryOption)
    .addOption(zoneOption)
    .addOption(languageOption)
    .addOption(retentionOption)
    .action(async (site, options) => {
      const { name, country, zone, language, retentionDays } = options
      const body = { name, country, zone, language, retentionDays }
      print((await sitesApi(options)('PATCH /v1/sites/{site}', { path: { site }, body })).body, options)
    })
  deploymentCommand(
    sites,
    'delete',
    'delete a site with everything it holds; prints a receipt',
    'sites delete office --yes',
  )
    .argument('<site>', 'site')
    .option('--yes', 'confirm: nothing can be brought back')
    .action(async (site, options) => {
      if (!options.yes)
        throw new UsageError(
          `This deletes ${site} with its calls, marks, keys and bridges for ever. Add --yes to confirm.`,
        )
      print((await sitesApi(options)('DELETE /v1/sites/{site}', { path: { site } })).body, options)
    })
  deploymentCommand(sites, 'receipt', 'show how far a deletion is', 'sites receipt office 7c1e90')
    .argument('<site>', 'site')
    .argument('<receipt>', 'identifier of the receipt')
    .action(async (site, receipt, options) => {
      const request = { path: { site, receipt } }
      print((await sitesApi(options)('GET /v1/sites/{site}/receipts/{receipt}', request)).body, options)
    })
}

function sitesApi(options: ConnectionOptions) {
  return createApi(apiAccess(options), siteRoutes)
}

async function listSites(options: ConnectionOptions): Promise<Site[]> {
  const api = sitesApi(options)
  const sites: Site[] = []
  let after: string | undefined
  // A page has a hundred sites and names the last one if more follow.
  do {
    const { body } = await api('GET /v1/sites', { query: { after } })
    sites.push(...body.sites)
    after = body.after
  } while (after)
  return sites
}
