import { Option } from '@commander-js/extra-typings'
import * as v from 'valibot'
import { type Site, SitePage } from '../../contracts/site.ts'
import { ask } from '../api.ts'
import { type ApiAccess, apiAccess } from '../connection.ts'
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
    print(await listSites(apiAccess(options)), {
      json: options.json,
      columns: ['site', 'name', 'country', 'zone', 'createdAt'],
    })
  })
  deploymentCommand(sites, 'show', 'show the settings of a site', 'sites show office')
    .argument('<site>', 'site')
    .action(async (site, options) => print(await ask(apiAccess(options), 'GET', pathOf(site)), options))
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
      print(await ask(apiAccess(options), 'POST', '/v1/sites', body), options)
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
      print(await ask(apiAccess(options), 'PATCH', pathOf(site), body), options)
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
      print(await ask(apiAccess(options), 'DELETE', pathOf(site)), options)
    })
  deploymentCommand(sites, 'receipt', 'show how far a deletion is', 'sites receipt office 7c1e90')
    .argument('<site>', 'site')
    .argument('<receipt>', 'identifier of the receipt')
    .action(async (site, receipt, options) => {
      print(await ask(apiAccess(options), 'GET', `${pathOf(site)}/receipts/${encodeURIComponent(receipt)}`), options)
    })
}

const pathOf = (site: string) => `/v1/sites/${encodeURIComponent(site)}`

async function listSites(access: ApiAccess): Promise<Site[]> {
  const sites: Site[] = []
  let after: string | undefined
  // A page has a hundred sites and names the last one if more follow.
  do {
    const page = v.parse(SitePage, await ask(access, 'GET', `/v1/sites${after ? `?after=${after}` : ''}`))
    sites.push(...page.sites)
    after = page.after
  } while (after)
  return sites
}
