import { text } from 'node:stream/consumers'
import { Option } from '@commander-js/extra-typings'
import { type AnyCommand, examples, UsageError, webAddress } from '../options.ts'
import { print } from '../output.ts'
import { readProfiles, writeProfiles } from '../profiles.ts'

const setExample = 'profile set office --api https://api.example.com --site office --key-stdin < key.txt'

export function addProfileCommand(program: AnyCommand): void {
  const profile = program
    .command('profile')
    .description('keep the address of the API, a site and a key under a name, in a file that only you can read')
    .addHelpText('after', examples(setExample, 'profile use office'))
  profile
    .command('list')
    .description('list the profiles; * marks the current one')
    .addHelpText('after', examples('profile list'))
    .option('--json', 'print JSON')
    .action(({ json }) => {
      const { current, profiles } = readProfiles()
      const rows = Object.entries(profiles).map(([name, { api, site, key }]) => {
        return { name: name === current ? `${name} *` : name, api, site, key: key && `${key.slice(0, 8)}…` }
      })
      print(rows, { json, columns: ['name', 'api', 'site', 'key'] })
    })
  profile
    .command('set')
    .description('create a profile, or change the values that are given')
    .argument('<name>', 'name of the profile')
    .option('--api <url>', 'address of the API', webAddress)
    .option('--site <site>', 'site')
    .addOption(
      new Option('--key-stdin', 'read the key from standard input, so that the shell history does not keep it'),
    )
    .addHelpText('after', examples(setExample))
    .action(async (name, { api, site, keyStdin }) => {
      const key = keyStdin ? (await text(process.stdin)).trim() : undefined
      const given = Object.fromEntries(Object.entries({ api, site, key }).filter(([, value]) => value !== undefined))
      const { current = name, profiles } = readProfiles()
      writeProfiles({ current, profiles: { ...profiles, [name]: { ...profiles[name], ...given } } })
    })
  profile
    .command('use')
    .description('make a profile the current one, which commands use by themselves')
    .addHelpText('after', examples('profile use office'))
    .argument('<name>', 'name of the profile')
    .action((name) => {
      const { profiles } = readProfiles()
      if (!profiles[name])
        throw new UsageError(`Unknown profile ${name}: "switchhook profile list" shows the profiles.`)
      writeProfiles({ current: name, profiles })
    })
  profile
    .command('remove')
    .description('remove a profile; its key stays valid until it is revoked')
    .addHelpText('after', examples('profile remove office'))
    .argument('<name>', 'name of the profile')
    .action((name) => {
      const { current, profiles } = readProfiles()
      const { [name]: _removed, ...others } = profiles
      writeProfiles({ profiles: others, ...(current !== undefined && current !== name && { current }) })
    })
}
