import { readdirSync } from 'node:fs'

/** A campaign: `test/campaigns/NAME.ts` exports `main`; it throws if a limit is not met. */
interface Campaign {
  main(args: string[]): Promise<void>
}

/** `npm run campaign -- NAME [more]`: runs all cases of a check of which `npm test` runs a sample; takes minutes to hours. */
export async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args
  const names = readdirSync('test/campaigns')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((known) => known !== 'run')
  if (!name || !names.includes(name)) {
    console.error(`npm run campaign -- NAME; there are ${names.join(', ') || 'none yet'}.`)
    process.exit(64)
  }
  const started = performance.now()
  const campaign: Campaign = await import(`./${name}.ts`)
  await campaign.main(rest)
  console.log(`campaign ${name} held, in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}
