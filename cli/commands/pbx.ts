import { join, parse, resolve } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { checkPbx } from '../../bridge/check/pbx/check-pbx.ts'
import { renderFolder } from '../../infra/asterisk/render-folder.ts'
import type { SetStatus } from '../exit-status.ts'
import { type AnyCommand, examples } from '../options.ts'
import { readConfiguration } from '../pbx/read-folder.ts'
import { asSarif, asText } from '../pbx/report.ts'

const renderExamples = [
  'pbx render examples/site.yaml --out /etc/asterisk --replace',
  'pbx render site.yaml --out /etc/asterisk --diff',
]

export function addPbxCommand(program: AnyCommand, setStatus: SetStatus): void {
  const pbx = program
    .command('pbx')
    .description("write Asterisk's configuration from one small file, and find mistakes in any")
    .addHelpText('after', examples(...renderExamples))
  pbx
    .command('render')
    .description('write the configuration of Asterisk for a site')
    .argument('<site>', 'description of the site, for example examples/site.yaml')
    .requiredOption('--out <folder>', 'folder to write to, for example /etc/asterisk')
    .addOption(
      new Option('--asterisk <version>', 'major version of Asterisk').choices(['16', '18', '20', '22']).default('22'),
    )
    .option('--secrets <file>', 'file that keeps generated passwords (default: beside the site, .secrets.json)')
    .option('--diff', 'print what would change, without passwords, and write nothing')
    .addOption(new Option('--blocks', 'add marked blocks to files that you keep by hand').conflicts('replace'))
    .option('--replace', 'replace files that are not ours, and keep copies in the folder')
    .addHelpText('after', examples(...renderExamples))
    .addHelpText(
      'after',
      '\nPasswords come from SWITCHHOOK_PBX_TRUNK_<NAME>, _ENDPOINT_<NAME>, _MAILBOX_<NUMBER>, else from the file of secrets.\nExits with 65 if the site, the secrets or the folder cannot be used; nothing is written then. With --diff it exits with 3 if there is a difference.',
    )
    .action(async (site, { out, asterisk, secrets, diff, blocks, replace }) => {
      const { name, dir } = parse(resolve(site))
      const outcome = await renderFolder({
        site,
        folder: out,
        version: Number(asterisk),
        secretsFile: secrets ?? join(dir, `${name}.secrets.json`),
        environment: process.env,
        manner: blocks ? 'blocks' : replace ? 'replace' : 'refuse',
        isDry: diff === true,
      })
      if (diff) {
        if (outcome.difference === '') return console.log(`No difference to ${out}.`)
        console.log(outcome.difference.trimEnd())
        return setStatus(3)
      }
      const { written, replaced } = outcome
      const kept = replaced.length > 0 ? `; copies of ${replaced.length} are in replaced-by-switchhook` : ''
      console.log(written.length === 0 ? `${out} is up to date.` : `${out}: ${written.length} files written${kept}.`)
    })
  pbx
    .command('check')
    .description('find mistakes and dangers in the configuration of any Asterisk; changes nothing')
    .argument('<path>', 'folder such as /etc/asterisk, or one of its files')
    .addOption(new Option('--json', 'print JSON').conflicts('sarif'))
    .option('--sarif', 'print SARIF 2.1.0, for code scanners')
    .addHelpText('after', examples('pbx check /etc/asterisk', 'pbx check /etc/asterisk --sarif > pbx.sarif'))
    .addHelpText('after', '\nExits with 65 if a check failed, with 0 if there are warnings at most.')
    .action(async (path, { json, sarif }) => {
      const { files, isFolder } = await readConfiguration(path)
      const findings = checkPbx(files, isFolder)
      console.log(sarif ? asSarif(findings) : json ? JSON.stringify({ findings }, undefined, 2) : asText(findings))
      if (findings.some(({ state }) => state === 'failed')) setStatus(65)
    })
}
